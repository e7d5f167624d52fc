"""How a run is told: on a terminal, as JSON, as JUnit; and what each check means."""
