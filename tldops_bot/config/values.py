"""How a value in config.toml is written, each sort of it once: checked, and in one form from then on."""

import re
from datetime import timedelta
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from tldops_bot.domain.address import parse_address
from tldops_bot.domain.durations import parse_duration
from tldops_bot.domain.language import is_language_code
from tldops_bot.domain.schedule import validate_crontab
from tldops_bot.domain.wake import is_gateway_name, problem_of_url

_POSTGRESQL = "postgresql+psycopg"
# As SQLAlchemy takes it apart: user and password, host, port, name, and what psycopg is told besides.
_PLACE = re.compile(
    r"(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]+)?(?::[0-9]{1,5})?(?:/[^?]*)?(?:\?.*)?", re.DOTALL
)
_LONGEST = timedelta(days=100 * 365)


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError('a length of time is written as text, such as "3d"')
    length = parse_duration(value)
    if length > _LONGEST:  # so that there is a date so long ago
        raise ValueError(f'a length of time is {_LONGEST.days // 365}y at most, such as "3d"')
    return length


def _duration_or_never(value: Any) -> timedelta | None:
    return None if value == "never" or value is None else _duration(value)


def _address(value: str) -> str:
    parsed = parse_address(value)
    if parsed is None:
        raise ValueError("not a mail address, such as tld-ops@lists.example")
    return parsed


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('not a time zone, such as "UTC" or "Europe/Amsterdam"') from None
    return value


def _crontab(value: str) -> str:
    validate_crontab(value)
    return value


def _host_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError('a host and a port, such as "127.0.0.1:9125"')
    return value


def host_and_port(value: str) -> tuple[str, int]:
    """The two parts of a HostPort, an IPv6 address without its brackets."""
    host, _, port = value.rpartition(":")
    return host.strip("[]"), int(port)


def _database_url(value: str) -> str:
    """PostgreSQL's short forms mean the one driver we use. Never quoted in errors: it may hold a password."""
    kind, _, rest = value.partition("://")
    if kind in ("postgres", "postgresql"):
        kind = _POSTGRESQL
    is_written_so = len(rest) >= 2 if kind == "sqlite" else kind == _POSTGRESQL and _PLACE.fullmatch(rest)
    if not is_written_so:
        raise ValueError('a database is written as "sqlite:///FILE" or "postgresql://USER@HOST/NAME"')
    if kind == _POSTGRESQL and find_spec("psycopg") is None:
        raise ValueError("PostgreSQL needs a library more: pip install 'psycopg[binary]'")
    return f"{kind}://{rest}"


def _ip_address(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError("not an IP address, such as 192.0.2.25") from None


def _resolver(value: str) -> str:
    return value if value in ("system", "none") else _host_port(value)


def _language(value: str) -> str:
    if not is_language_code(value):
        raise ValueError('a language is written as two small letters, such as "fr"')
    return value


def _gateway_name(value: str) -> str:
    if not is_gateway_name(value):
        raise ValueError('a gateway has a short name in small letters, such as "sms"')
    return value


def _gateway_url(value: SecretStr) -> SecretStr:
    problem = problem_of_url(value.get_secret_value())
    if problem:
        raise ValueError(problem)
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
DurationOrNever = Annotated[timedelta | None, BeforeValidator(_duration_or_never)]
Address = Annotated[str, AfterValidator(_address)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Crontab = Annotated[str, AfterValidator(_crontab)]
HostPort = Annotated[str, AfterValidator(_host_port)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
Resolver = Annotated[str, AfterValidator(_resolver)]
IpAddress = Annotated[str, AfterValidator(_ip_address)]
Port = Annotated[int, Field(ge=0, le=65535)]
Language = Annotated[str, AfterValidator(_language)]
GatewayName = Annotated[str, AfterValidator(_gateway_name)]
GatewayUrl = Annotated[SecretStr, AfterValidator(_gateway_url)]
