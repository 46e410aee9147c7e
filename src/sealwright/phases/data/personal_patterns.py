"""What personal data looks like: names of columns, shapes of values, and checksums that confirm.

Shapes are RE2 and run in the engine as a cheap filter; a validator looks only at what they find.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A kind of personal value. `pattern` finds candidates anywhere in a text, `valid` decides."""

    kind: str
    title: str
    pattern: str
    valid: Callable[[str], bool]
    chance: float = 0.0
    """Share of random look-alikes that `valid` accepts; more than twice that must be seen."""


def _digits(text: str) -> str:
    return "".join(char for char in text if "0" <= char <= "9")


def _always(_: str) -> bool:
    return True


def luhn(text: str) -> bool:
    """Payment card number: 13 to 19 digits, a known first digit, and the Luhn checksum."""
    digits = _digits(text)
    if not 13 <= len(digits) <= 19 or digits[0] not in "3456" or len(set(digits)) == 1:
        return False
    doubled = (int(char) * (1 + at % 2) for at, char in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def iban(text: str) -> bool:
    """International bank account number: ISO 13616, checksum modulo 97."""
    compact = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", compact):
        return False
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def us_social_security(text: str) -> bool:
    """United States social security number in ranges that are issued."""
    area, group, serial = text.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def swiss_social_security(text: str) -> bool:
    """Swiss AHV number: EAN-13 checksum."""
    digits = [int(char) for char in _digits(text)]
    total = sum(digit * (1, 3)[at % 2] for at, digit in enumerate(digits[:12]))
    return len(digits) == 13 and (10 - total % 10) % 10 == digits[12]


def french_social_security(text: str) -> bool:
    """French NIR: 13 digits and a key modulo 97."""
    digits = _digits(text)
    return len(digits) == 15 and 97 - int(digits[:13]) % 97 == int(digits[13:])


def spanish_identity(text: str) -> bool:
    """Spanish DNI or NIE: number modulo 23 gives the letter."""
    number = text[:-1].upper().translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1].upper()


def brazilian_tax(text: str) -> bool:
    """Brazilian CPF: two check digits modulo 11."""
    digits = [int(char) for char in _digits(text)]
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for length in (9, 10):
        weighted = sum(d * w for d, w in zip(digits, range(length + 1, 1, -1), strict=False))
        if weighted * 10 % 11 % 10 != digits[length]:
            return False
    return True


def public_address(text: str) -> bool:
    """An IPv4 address of the public internet (a private one names nobody)."""
    try:
        return ipaddress.IPv4Address(text).is_global
    except ValueError:
        return False


SHAPES: tuple[Shape, ...] = (
    Shape(
        kind="email",
        title="e-mail addresses",
        pattern=r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}\b",
        valid=_always,
    ),
    Shape(
        kind="phone",
        title="international telephone numbers",
        pattern=r"\+[1-9][0-9]{0,2}[ ./-]?(?:\(0?[0-9]{1,4}\)[ ./-]?)?"
        r"[0-9](?:[ ./-]?[0-9]){6,12}\b",
        valid=lambda text: 8 <= len(_digits(text)) <= 17,
    ),
    Shape(
        kind="iban",
        title="bank accounts (IBAN)",
        pattern=r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}\b",
        valid=iban,
        chance=1 / 97,
    ),
    Shape(
        kind="card",
        title="payment card numbers",
        pattern=r"\b[3-6][0-9](?:[ -]?[0-9]){11,17}\b",
        valid=luhn,
        chance=0.1,
    ),
    Shape(
        kind="us-ssn",
        title="United States social security numbers",
        pattern=r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
        valid=us_social_security,
    ),
    Shape(
        kind="ch-ahv",
        title="Swiss social security numbers",
        pattern=r"\b756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}\b",
        valid=swiss_social_security,
        chance=0.1,
    ),
    Shape(
        kind="fr-nir",
        title="French social security numbers",
        pattern=r"\b[12] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b",
        valid=french_social_security,
        chance=1 / 97,
    ),
    Shape(
        kind="es-dni",
        title="Spanish identity numbers",
        pattern=r"\b(?:[0-9]{8}|[XYZ][0-9]{7})[A-HJ-NP-TV-Z]\b",
        valid=spanish_identity,
        chance=1 / 23,
    ),
    Shape(
        kind="br-cpf",
        title="Brazilian tax numbers",
        pattern=r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b",
        valid=brazilian_tax,
        chance=0.01,
    ),
    Shape(
        kind="ip",
        title="public internet addresses",
        pattern=r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b",
        valid=public_address,
        chance=0.45,
    ),
)

_NAMES = (
    "first name|last name|full name|given name|family name|surname|forename|maiden name|"
    "patient name|customer name|user name|username|vorname|nachname|familienname|prenom|apellido|"
    "email|e mail|mail address|phone|telephone|mobile|mobile number|telefon|fax|"
    "date of birth|birth date|birthdate|birthday|dob|geburtsdatum|place of birth|"
    "ssn|social security|social security number|national id|national insurance number|nino|"
    "passport|passport number|driver license|drivers license|tax id|tin|ahv|cpf|dni|nir|"
    "medical record number|mrn|patient id|health insurance number|"
    "iban|bank account|account number|credit card|card number|ccn|"
    "street|street address|home address|postal address|address|adresse|"
    "ip address|ip|mac address|imei|latitude|longitude|license plate"
)
PERSONAL_NAMES: frozenset[str] = frozenset(_NAMES.split("|"))
"""Column names, in lower case with blanks, that announce personal data."""


def personal_name(column: str) -> bool:
    """Whether a column's name announces personal data: `dateOfBirth`, `E-Mail`, `phone_2`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", column)
    words = re.sub(r"[^a-z]+", " ", spaced.lower()).split()
    return any(
        " ".join(words[start:end]) in PERSONAL_NAMES
        for start in (0, 1)
        for end in (len(words), len(words) - 1)
        if end > start
    )
