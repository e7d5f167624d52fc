"""What is true about mail, with no Pulumi in it: the same input gives the same text, without clock or network."""
