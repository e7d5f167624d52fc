"""SMTP and IMAP as the checker speaks them: what must not be sent, and what no server can make it do."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from fake_mail_server import FakeMailServer
from pydantic import SecretStr

from mail import certificates
from verify.checks.incoming import results_of
from verify.checks.outside import reason_of
from verify.conversation import Conversation, Reply, connected
from verify.failures import Gibberish
from verify.mailbox import Mailbox
from verify.submission import greet, hand_over, log_in, plain

HOST, USER, PASSWORD = "mail.example.test", "mail@example.test", SecretStr("hidden 4711")
CA = certificates.issue_ca("CA of the tests", now=datetime.now(UTC))
LEAF = certificates.issue_leaf(CA, [HOST], now=datetime.now(UTC))

_Said = TypeVar("_Said")


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=CA.certificate)


def any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def any_name() -> ssl.SSLContext:
    context = trusting()
    context.check_hostname = False
    return context


def talk(
    server: FakeMailServer,
    protocol: str,
    tls: ssl.SSLContext | None,
    say: Callable[[Conversation], Awaitable[_Said]],
) -> _Said:
    async def talking() -> _Said:
        async with server.up(protocol), connected("127.0.0.1", server.ports[protocol], tls=tls, server_name=HOST) as it:
            return await say(it)

    return asyncio.run(talking())


def heard(said: bytes) -> Reply:
    """What is made of an SMTP server's words."""

    async def listening() -> Reply:
        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            writer.close()

        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with listener, connected("127.0.0.1", listener.sockets[0].getsockname()[1]) as conversation:
            return await conversation.reply()

    return asyncio.run(listening())


class TestReply:
    @pytest.mark.parametrize(
        ("said", "text"),
        [(b"250\r\n", "250"), (b"250 good\n", "250 good"), (b"250-one\r\n250-\r\n250 two\r\n", "250 one  two")],
    )
    def test_ends_with_the_line_that_has_no_hyphen(self, said: bytes, text: str) -> None:
        assert heard(said).text == text

    def test_without_end_is_none(self) -> None:
        with pytest.raises(Gibberish, match="over 200 lines"):
            heard(b"250-x\r\n" * 300)


@pytest.fixture
def server() -> FakeMailServer:
    return FakeMailServer(LEAF, {USER: PASSWORD.get_secret_value()})


class TestPasswordNeedsVerifiedTls:
    @pytest.mark.parametrize("tls", [any_certificate, any_name])
    def test_on_tls_that_proves_nothing_it_stays_here(
        self, server: FakeMailServer, tls: Callable[[], ssl.SSLContext]
    ) -> None:
        async def say(conversation: Conversation) -> None:
            await greet(conversation)
            await log_in(conversation, USER, PASSWORD)

        with pytest.raises(ValueError, match="verified TLS alone") as refused:
            talk(server, "submissions", tls(), say)
        assert "hidden" not in str(refused.value)
        assert not [line for _, _, line in server.heard if "AUTH" in line]

    def test_in_plain_text_it_stays_here(self, server: FakeMailServer) -> None:
        async def say(conversation: Conversation) -> None:
            await greet(conversation)
            await log_in(conversation, USER, PASSWORD)

        with pytest.raises(ValueError, match="verified TLS alone"):
            talk(server, "submission", None, say)

    def test_imap_is_no_other(self, server: FakeMailServer) -> None:
        async def say(conversation: Conversation) -> None:
            await conversation.line()
            await Mailbox.log_in(conversation, USER, PASSWORD)

        with pytest.raises(ValueError, match="verified TLS alone"):
            talk(server, "imaps", any_certificate(), say)
        assert not server.heard

    def test_proven_it_goes(self, server: FakeMailServer) -> None:
        async def say(conversation: Conversation) -> str:
            return plain(conversation, USER, PASSWORD)

        assert talk(server, "imaps", trusting(), say)


class TestMessage:
    def deliver(self, server: FakeMailServer, message: bytes, to: str = USER) -> None:
        async def say(conversation: Conversation) -> None:
            await greet(conversation, any_certificate(), HOST)
            await hand_over(conversation, "", to, message)

        talk(server, "smtp", None, say)

    @pytest.mark.parametrize(
        "message",
        [
            b"Subject: a\r\n\r\nbody\r\n",
            b"Subject: a\r\n\r\n.\r\n..\r\n.leading dot\r\n. \r\nlast\r\n",
            b".first: a\r\n\r\n\r\n.\r\n",
        ],
    )
    def test_arrives_as_it_is(self, server: FakeMailServer, message: bytes) -> None:
        self.deliver(server, message)
        assert server.taken == [("smtp", message)]

    @pytest.mark.parametrize("to", ["a@b.example>\r\nRCPT TO:<c@d.example", "a b@c.example", "a@b.example\n"])
    def test_has_one_recipient(self, server: FakeMailServer, to: str) -> None:
        with pytest.raises(ValueError, match="no mail address"):
            self.deliver(server, b"Subject: a\r\n\r\n", to)
        assert not [line for _, _, line in server.heard if line.startswith("RCPT")]


class TestFolder:
    def list_of(self, answer: str) -> list[tuple[int, str, str]]:
        server = FakeMailServer(LEAF, {USER: PASSWORD.get_secret_value()}, answers={("imaps", "FETCH"): answer})
        server.put("INBOX", b"Subject: a\r\n\r\n")

        async def say(conversation: Conversation) -> list[tuple[int, str, str]]:
            await conversation.line()
            mailbox = await Mailbox.log_in(conversation, USER, PASSWORD)
            return [(item.uid, item.subject, item.content_type) for item in await mailbox.newest("INBOX")]

        return talk(server, "imaps", trusting(), say)

    def test_uid_is_read_from_the_answer_and_not_from_a_subject(self) -> None:
        header = "Subject: UID 666 {9}\r\n\r\n"
        answer = f"* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {{{len(header)}}}\r\n{header} UID 7)\r\n{{tag}} OK done"
        assert self.list_of(answer) == [(7, "UID 666 {9}", "text/plain")]

    @pytest.mark.parametrize(
        "answer",
        [
            "* 1 FETCH (FLAGS ())\r\n{tag} OK done",
            '* 1 FETCH (UID 7 INTERNALDATE "no date" BODY[] "quoted")\r\n{tag} OK done',
        ],
    )
    def test_what_says_nothing_of_a_message_is_passed_over(self, answer: str) -> None:
        assert self.list_of(answer) == []

    @pytest.mark.parametrize("answer", ["* 1 FETCH (BODY[] {99999999}\r\n", "* 1 FETCH " + "{0}\r\n" * 400_000])
    def test_size_has_a_limit(self, answer: str) -> None:
        with pytest.raises(Gibberish, match="over 1000000 bytes"):
            self.list_of(answer)


class TestWhatServersWrite:
    def test_the_topmost_results_count(self) -> None:
        message = (
            b"Received: by a\r\nAuthentication-Results: mx.example (v1;2) 1;\r\n"
            b'\tDKIM=Pass (good; "x") header.d=A.example; dmarc = none\r\n'
            b"Authentication-Results: forged.example; dmarc=pass\r\n\r\n"
        )
        results = results_of(message)
        assert results is not None
        assert (results.host, results.dkim_of("a.example"), results.dmarc) == ("mx.example", "pass", "none")

    @pytest.mark.parametrize("message", [b"", b"\xff\x00", b"Subject: x\r\n\r\nAuthentication-Results: a; dkim=pass"])
    def test_none(self, message: bytes) -> None:
        assert results_of(message) is None

    @pytest.mark.parametrize("value", [b"", b";", b";;dkim=;=pass", b"\xff; dkim=pass", b'"'])
    def test_nonsense_is_no_error(self, value: bytes) -> None:
        results = results_of(b"Authentication-Results: " + value + b"\r\n\r\n")
        assert results is None or results.dmarc == "not checked"

    @pytest.mark.parametrize(
        ("report", "reason"),
        [
            (b"Status: 5.4.4\r\nDiagnostic-Code: smtp; 554 5.0.0 MX lookup error\r\n", "554 5.0.0 MX lookup error"),
            (b"Status: 5.4.4\r\n", "5.4.4"),
            (b"nothing", "no reason is given"),
        ],
    )
    def test_reason_of_a_bounce(self, report: bytes, reason: str) -> None:
        assert reason_of(b"Subject: x\r\n\r\n" + report) == reason
