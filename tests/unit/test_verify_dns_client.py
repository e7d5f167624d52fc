"""DNS questions to servers on this machine, each of which answers in another way, and to zones in memory."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import dns.flags
import dns.message
import dns.rrset
import pytest
from verify_world import DOMAIN, MX, FakeDns, healthy, stack, world, zone_text

from verify import dns_client
from verify.dns_client import Answer, DnsClient, Server
from verify.failures import Failure, Gibberish, Refused, Silent

LONG = "x" * 250


class Answering(asyncio.DatagramProtocol):
    """Answers over UDP with what a function makes of the question; None is silence."""

    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if (said := self.answer(data)) is not None:
            self.transport.sendto(said, addr)  # type: ignore[attr-defined]


def whole(data: bytes) -> bytes:
    answer = dns.message.make_response(dns.message.from_wire(data))
    name = answer.question[0].name
    answer.answer.append(dns.rrset.from_text(name, 300, "IN", "TXT", *(f'"{LONG}" "{number}"' for number in range(9))))
    return answer.to_wire(max_size=65535)


def cut(data: bytes) -> bytes:
    answer = dns.message.make_response(dns.message.from_wire(data))
    answer.flags |= dns.flags.TC
    return answer.to_wire()


def asked(
    answer: Callable[[bytes], bytes | None], tcp: Callable[[bytes], bytes] | None = None, *, has_tcp: bool = True
) -> Answer | Failure:
    """What a resolver on this machine is found to answer to a question for TXT."""

    async def over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            said = tcp(await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))) if tcp else b""
            writer.write(len(said).to_bytes(2, "big") + said)
        writer.close()

    async def look() -> Answer | Failure:
        server = await asyncio.start_server(over_tcp, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Answering(answer), local_addr=("127.0.0.1", port)
        )
        if not has_tcp:
            server.close()
            await server.wait_closed()
        try:
            return await DnsClient(Server(address="127.0.0.1", port=port)).ask(DOMAIN, "TXT")
        except Failure as failure:
            return failure
        finally:
            transport.close()
            server.close()

    return asyncio.run(look())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_client, "QUESTION_SECONDS", 0.2)


class TestServerOnThisMachine:
    def test_long_answer_comes_over_tcp_and_its_strings_are_joined(self) -> None:
        answer = asked(cut, whole)
        assert isinstance(answer, Answer)
        assert answer.texts == [f"{LONG}{number}" for number in range(9)]

    @pytest.mark.parametrize("said", [b"garbage", bytes(12), b"\xff" * 600])
    def test_garbage(self, said: bytes) -> None:
        assert isinstance(asked(lambda _: said), Gibberish)

    def test_answer_to_another_question(self) -> None:
        other = dns.message.make_response(dns.message.make_query("other.test", "TXT")).to_wire()
        assert isinstance(asked(lambda _: other), Gibberish)

    def test_silence(self) -> None:
        failure = asked(lambda _: None)
        assert isinstance(failure, Silent)
        assert str(failure) == "127.0.0.1 did not answer within 0.4 s"

    def test_refusal(self) -> None:
        def refusing(data: bytes) -> bytes:
            answer = dns.message.make_response(dns.message.from_wire(data))
            answer.set_rcode(dns.rcode.REFUSED)
            return answer.to_wire()

        assert str(asked(refusing)) == f"127.0.0.1 answers REFUSED for {DOMAIN} TXT"

    def test_long_answer_that_cannot_be_had_over_tcp(self) -> None:
        assert isinstance(asked(cut, has_tcp=False), Refused)
        assert isinstance(asked(cut, lambda _: b"garbage"), Gibberish)


class TestZonesInMemory:
    def test_alias_is_not_the_zone_that_it_leads_to(self) -> None:
        zones = {DOMAIN: f"{zone_text(stack())}lists CNAME other.test.\n", "other.test": "@ A 192.0.2.1\n"}
        assert asyncio.run(world(zones).dns.zone_of(f"lists.{DOMAIN}")) == DOMAIN

    def test_question_is_asked_once_and_anew_with_signatures(self) -> None:
        class Noting(FakeDns):
            async def _exchange(self, server: Server, question: dns.message.Message) -> dns.message.Message:
                wanted.append((bool(question.ednsflags & dns.flags.DO), bool(question.flags & dns.flags.CD)))
                return await super()._exchange(server, question)

        async def look() -> None:
            client = Noting(Server(address="192.0.2.1"), zones=healthy().dns.zones)  # type: ignore[attr-defined]
            for dnssec in (False, True, False, True):
                await client.ask(MX.upper() if dnssec else MX, "A", dnssec=dnssec)

        wanted: list[tuple[bool, bool]] = []
        asyncio.run(look())
        assert wanted[1:] == [(False, False), (True, True)]  # after the one that tells whether it is there

    def test_first_server_that_answers_is_believed(self) -> None:
        look = healthy(servers=("198.51.100.53", "198.51.100.54"), broken={"198.51.100.53": Silent("nothing")})
        assert asyncio.run(replace(look).dns.served(DOMAIN, "MX", DOMAIN)).texts == [f"10 {MX}"]
