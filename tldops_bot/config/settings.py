"""What may be in config.toml: every table and key, its type, and its default."""

import re
from datetime import timedelta
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from tldops_bot.domain.address import parse_address
from tldops_bot.domain.durations import parse_duration
from tldops_bot.domain.language import ENGLISH, is_language_code
from tldops_bot.domain.list_address import ListAddress
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


class Table(BaseModel):
    """A table of config.toml: unknown keys are errors, and values don't change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, about: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[str(about.field_name)].annotation is int:
            raise ValueError("a whole number is needed")
        return value


class ListSettings(Table):
    name: str = Field(default="TLD-OPS", min_length=1, max_length=60, pattern=r"^[ -~]+$")
    address: Address
    delimiter: Literal["+", "-", "="] = "+"
    owner: Address
    language: Language = ENGLISH

    @property
    def home(self) -> ListAddress:
        """The address taken apart: which recipients are the list's, and its sub-addresses."""
        return ListAddress.parse(self.address, self.delimiter)


class OperatorSettings(Table):
    email: Address


class ListenerSettings(Table):
    protocol: Literal["smtp", "lmtp"] = "smtp"
    host: str = "127.0.0.1"
    port: Port = 8025
    socket: Path | None = None
    max_message_bytes: int = Field(default=10_485_760, ge=1_000, le=100_000_000)
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    trusted_authserv_ids: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _certificate_and_key_go_together(self) -> "ListenerSettings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        return self


class DnsSettings(Table):
    resolver: Resolver = "system"


class SmarthostSettings(Table):
    host: str = "127.0.0.1"
    port: Port = 25
    tls: Literal["none", "starttls", "tls"] = "none"
    connections: int = Field(default=8, ge=1, le=64)
    username: str | None = None
    password_file: Path | None = None
    sends_from: tuple[IpAddress, ...] = ()


class DatabaseSettings(Table):
    url: DatabaseUrl = "sqlite:///var/tldops.sqlite"
    lease: Duration = Field(default=timedelta(minutes=5), ge=timedelta(seconds=10), le=timedelta(hours=1))


class OpenpgpSettings(Table):
    home: Path = Path("var/gnupg")
    max_signature_age: Duration = timedelta(days=3)
    max_clock_skew: Duration = timedelta(hours=1)
    passphrase_file: Path | None = None


class IanaSettings(Table):
    whois: HostPort = "whois.iana.org:43"
    refresh: Duration = timedelta(days=1)


Constituency = Literal["cctld", "gtld", "cert", "regional"]
Constituencies = Annotated[tuple[Constituency, ...], Field(min_length=1)]


class MembershipSettings(Table):
    contacts_per_tld: int = Field(default=3, ge=1, le=20)
    vouched_by: tuple[Literal["administrative", "technical"], ...] = ("administrative",)
    technical_after: DurationOrNever = timedelta(hours=72)
    request_lifetime: Duration = timedelta(days=14)
    key_recovery_wait: Duration = timedelta(hours=72)
    probation: Duration = timedelta(hours=48)
    confirm_every: Duration = timedelta(days=180)
    committee_votes: int = Field(default=1, ge=1, le=2)
    constituencies: tuple[Constituency, ...] = ("cctld",)


class RosterSettings(Table):
    schedule: Crontab = "0 6 1,15 * *"
    timezone: TimeZone = "UTC"
    regions: bool = False
    fonts: Path = Path("/usr/share/fonts")
    constituencies: Constituencies | None = None  # all that anybody is listed for


class AlertSettings(Table):
    release: Literal["at-once", "second-member"] = "at-once"
    max_bytes: int = Field(default=1_000_000, ge=1_000, le=20_000_000)
    max_per_member_hour: int = Field(default=3, ge=1, le=1_000)
    keep: Duration = timedelta(days=730)
    constituencies: Constituencies | None = None  # all that anybody is listed for


class WakeSettings(Table):
    """The ways to wake members; once read, those in `gateways_file` are among the `gateways`."""

    gateways: dict[GatewayName, GatewayUrl] = {}
    gateways_file: Path | None = None
    per_minute: int = Field(default=60, ge=1, le=10_000)


class MetricsSettings(Table):
    listen: HostPort


class LogSettings(Table):
    format: Literal["text", "json", "journal"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "warning"


class RetentionSettings(Table):
    raw_mail: Duration = timedelta(days=90)


class TemplateSettings(Table):
    directory: Path | None = None
    languages: tuple[Language, ...] = Field(default=(ENGLISH, "fr"), min_length=1)


class Config(Table):
    """The whole of config.toml. `file` is where it was read; paths in it are made absolute."""

    file: Path
    list: ListSettings
    operator: OperatorSettings
    listener: ListenerSettings = ListenerSettings()
    dns: DnsSettings = DnsSettings()
    smarthost: SmarthostSettings = SmarthostSettings()
    database: DatabaseSettings = DatabaseSettings()
    openpgp: OpenpgpSettings = OpenpgpSettings()
    iana: IanaSettings = IanaSettings()
    membership: MembershipSettings = MembershipSettings()
    roster: RosterSettings = RosterSettings()
    alerts: AlertSettings = AlertSettings()
    wake: WakeSettings = WakeSettings()
    metrics: MetricsSettings | None = None
    log: LogSettings = LogSettings()
    retention: RetentionSettings = RetentionSettings()
    templates: TemplateSettings = TemplateSettings()

    @model_validator(mode="after")
    def _the_list_speaks_a_language_it_has(self) -> "Config":
        if self.list.language not in self.templates.languages:
            raise ValueError(f'list.language = "{self.list.language}" is not among templates.languages')
        return self
