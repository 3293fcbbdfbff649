"""What may be in config.toml: every table and key, its type, and its default."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from tldops_bot.config.values import (
    Address,
    Crontab,
    DatabaseUrl,
    Duration,
    DurationOrNever,
    GatewayName,
    GatewayUrl,
    HostPort,
    IpAddress,
    Language,
    Port,
    Resolver,
    TimeZone,
)
from tldops_bot.domain.language import ENGLISH
from tldops_bot.domain.list_address import ListAddress


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
