"""Inputs made from real ones: a value of a sample replaced by a hostile one, parts cut out, doubled, exchanged, bytes turned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

LONGEST = 64 * 1024  # bytes of an input
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[0-9]+(?:[.-][0-9]+)*|[A-Za-z_]+|[^\x00-\x7f]+|[^\sA-Za-z0-9_]')
_ID = b"018f0000-0000-7000-8000-000000000000"
HOSTILE = (
    *(b"", b" ", b"\t", b"\x00", b"\x1f", b"\x7f", b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n", b"\n\n\n"),
    *(b"null", b"true", b"false", b"NaN", b"Infinity", b"-Infinity", b"-0", b"+1", b"1e7", b"1e400", b"-1e-400", b"1.5", b"0x10", b"1_000"),
    *(b"%d" % (sign * 2**bits + more) for bits in (7, 15, 31, 53, 63, 64, 127) for sign in (1, -1) for more in (-1, 0, 1)),
    *(b"9" * digits for digits in (18, 19, 28, 400, 5000)),
    *(
        b'""',
        b'"\\u0000"',
        b'"\\ud800"',
        b'"\\u2028"',
        b'"' + b"a" * 5000 + b'"',
        b"[]",
        b"{}",
        b"[[]]",
        b'{"a":1}',
        b'""",',
        b"\\",
        b'"',
        b"'",
    ),
    *(b"[" * 300, b'{"a":' * 300, b"[" * 5000, b"(" * 200, b"<a>" * 200, b"%00", b"%ED%A0%80", b"..", b"../../..", b"a" * 300),
    *(b"0001-01-01", b"9999-12-31", b"1899-12-31", b"2201-01-01", b"2018-02-30", b"2000-02-29", b"2018-13-01", b"2018-W01-1", b"20180928"),
    *(b"9999-12-31T23:59:59Z", b"0001-01-01T00:00:00+14:00", b"2018-09-28T24:00:00Z", b"2018-09-28T08:00:00", b"1e18", b"2018-09-28 08:00"),
    *(
        text.encode()
        for text in ("１２", "٣", "²", "½", "é", "\u202e", "\u200b", "\u2028", "\ufeff", "王芳", "𝟙", "İ", "ß", "\U0001f600", "年月日", "ﬀ")
    ),
    *(_ID, _ID.upper(), b"{" + _ID + b"}", b"urn:uuid:" + _ID, _ID.replace(b"-", b""), _ID[:-1], b"CN", b"CNY", b"JPN", b"XXX", b"jpn"),
    *(b"=1+1", b"#REF!", b"#####", b"1,234.50", b"1.234,50", b"1E+15", b"--", b";", b",", b"|", b"q=1", b"*", b"W/", b"A1", b"XFD1048576"),
    *(
        b"http://127.0.0.1",
        b"https://[::1",
        b"https://[::ffff:127.0.0.1]",
        b"//x",
        b"\\\\x",
        b"@",
        b":99999",
        b"?a=1&a=2",
        b"#",
        b"&amp;",
        b"<!DOCTYPE a>",
    ),
)


@dataclass(frozen=True, slots=True)
class Mutator:
    """Of the samples of one parser. The same `chance` gives the same inputs."""

    samples: Sequence[bytes]
    tokens: Sequence[Sequence[tuple[int, int]]] = field(init=False)  # of each sample, where they begin and end

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", [[found.span() for found in _TOKEN.finditer(one)] for one in self.samples])

    def __call__(self, chance: Random) -> bytes:
        number = int(chance.random() * len(self.samples))
        made = self.samples[number]
        if self.tokens[number] and chance.random() < 0.75:
            made = self._with_a_token(made, self.tokens[number], chance)
        else:
            made = self._with_bytes(made, chance)
        while chance.random() < 0.35:
            made = self._with_bytes(made, chance)
        return made[:LONGEST]

    def _with_a_token(self, made: bytes, tokens: Sequence[tuple[int, int]], chance: Random) -> bytes:
        """One value of the sample is another one, is missing, or is there more than once."""
        start, end = tokens[int(chance.random() * len(tokens))]
        how = chance.random()
        if how < 0.45:
            new = HOSTILE[int(chance.random() * len(HOSTILE))]
            if made[start:end][:1] == b'"' and new[:1] != b'"' and chance.random() < 0.6:
                new = b'"' + new.replace(b'"', b"") + b'"'
        elif how < 0.7:
            other = int(chance.random() * len(self.samples))
            theirs = self.tokens[other] or [(0, 0)]
            first, last = theirs[int(chance.random() * len(theirs))]
            new = self.samples[other][first:last]
        elif how < 0.8:
            new = b""
        elif how < 0.9:
            new = made[start:end] * chance.choice((2, 3, 10, 200))
        else:
            new = made[start:end] + HOSTILE[int(chance.random() * len(HOSTILE))]
        return made[:start] + new + made[end:]

    def _with_bytes(self, made: bytes, chance: Random) -> bytes:
        """A bit turned, bytes put in, cut out, doubled or exchanged with those of another sample, or the end cut off."""
        here, how = int(chance.random() * (len(made) + 1)), chance.random()
        there = min(len(made), here + int(chance.expovariate(0.1)))
        before, after = made[:here], made[here + 1 :]
        if how < 0.3:
            turned = made[here : here + 1] and bytes((made[here] ^ (1 << int(chance.random() * 8)),))
            return before + turned + after
        if how < 0.5:
            return before + bytes((int(chance.random() * 256),)) + after
        if how < 0.65:
            return before + HOSTILE[int(chance.random() * len(HOSTILE))] + made[here:]
        if how < 0.85:
            return before + made[there:] if how < 0.75 else made[:there] + made[here:]
        if how < 0.95:
            other = self.samples[int(chance.random() * len(self.samples))]
            at = int(chance.random() * (len(other) + 1))
            return before + other[at : at + 200] + made[there:]
        return before
