"""Reading config.toml: every mistake is one clear line, paths belong to the file's folder, and who finds the file."""

from datetime import timedelta
from pathlib import Path

import pytest

from tldops_bot.config import Config, ConfigProblem, find_config, load_config

NEEDED = """\
[list]
address = "tld-ops@lists.example"
owner = "secretariat@lists.example"
[operator]
email = "root@lists.example"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def load(file: Path, more: str = "", needed: str = NEEDED) -> Config:
    file.write_text(needed + more, encoding="utf-8")
    return load_config(file)


def problem(file: Path, more: str = "", needed: str = NEEDED) -> str:
    with pytest.raises(ConfigProblem) as caught:
        load(file, more, needed)
    return str(caught.value)


# --- what is refused, and in which words


@pytest.mark.parametrize(
    ("more", "key", "meant"),
    [
        ("[listener]\nprot = 1\n", "listener.prot", "port"),
        ("[openpgp]\nmax_signature_agee = '3d'\n", "openpgp.max_signature_agee", "max_signature_age"),
        ("[smarthost]\nHOST = 'x'\n", "smarthost.HOST", "host"),
        ("[rooster]\n", "rooster", "roster"),
        ("[membership]\ncontact_per_tld = 3\n", "membership.contact_per_tld", "contacts_per_tld"),
        ("[metrics]\nlisten = '127.0.0.1:1'\nlissen = 1\n", "metrics.lissen", "listen"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_the_nearest(
    file: Path, more: str, key: str, meant: str
) -> None:
    assert problem(file, more) == f"{file}: unknown key {key}; did you mean {meant}?"


@pytest.mark.parametrize("more", ["[listener]\nfrobnicate_everything = 1\n", "[frobnication]\nx = 1\n"])
def test_a_key_near_to_nothing_is_an_error_without_a_guess(file: Path, more: str) -> None:
    text = problem(file, more)
    assert "unknown key" in text
    assert "did you mean" not in text


def test_the_name_of_the_file_can_not_be_set_in_the_file(file: Path) -> None:
    assert problem(file, "", 'file = "/etc/other.toml"\n' + NEEDED) == f"{file}: unknown key file"


def test_each_mistake_is_a_line_of_its_own(file: Path) -> None:
    lines = problem(file, "[listener]\nport = 'x'\nprot = 1\n[roster]\nschedule = ''\n").splitlines()
    assert [line.partition(": ")[2].partition(":")[0] for line in lines] == [
        "listener.port",
        "unknown key listener.prot; did you mean port?",
        "roster.schedule",
    ]


@pytest.mark.parametrize(
    ("needed", "missing"),
    [
        ("", ["list", "operator"]),
        ("[list]\n[operator]\n", ["list.address", "list.owner", "operator.email"]),
    ],
)
def test_what_has_no_default_must_be_there(file: Path, needed: str, missing: list[str]) -> None:
    assert problem(file, "", needed).splitlines() == [f"{file}: {key} is missing" for key in missing]


@pytest.mark.parametrize("operator", ["", "[operator]\n"])
def test_the_lists_address_is_enough_and_somebody_is_always_asked(file: Path, operator: str) -> None:
    bare = load(file, operator, '[list]\naddress = "tld-ops@lists.example"\n')
    assert bare.list.owner == bare.operator.email == "postmaster@lists.example"
    owned = load(file, operator, NEEDED.partition("[operator]")[0])
    assert owned.list.owner == owned.operator.email == "secretariat@lists.example"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("[listener]\nport = true\n", "listener.port: a whole number is needed"),
        ("[listener]\nport = 1.5\n", "listener.port: a whole number is needed"),
        ("[listener]\nhost = 7\n", "listener.host: text is needed, in quotation marks"),
        ("[templates]\ndirectory = 7\n", "templates.directory: text is needed, in quotation marks"),
        ("[roster]\nregions = 'perhaps'\n", "roster.regions: true or false is needed"),
        ("[wake]\ngateways = 'x'\n", "wake.gateways: a table is needed, with its name in brackets"),
        ("[membership]\nvouched_by = 'technical'\n", "membership.vouched_by: a list is needed"),
        ("[templates]\nlanguages = []\n", "templates.languages: at least one is needed"),
        ("[alerts]\nrelease = 'later'\n", "alerts.release: Input should be 'at-once' or 'second-member'"),
    ],
)
def test_what_is_needed_is_said_in_words_for_people(file: Path, more: str, says: str) -> None:
    assert problem(file, more).startswith(f"{file}: {says}")


def test_a_mark_that_an_editor_put_before_the_text_does_no_harm(file: Path) -> None:
    assert load(file, needed="\ufeff" + NEEDED).list.address == "tld-ops@lists.example"


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("[listener]\nport = '8025x'\n", "listener.port"),
        ("[listener]\nport = 65536\n", "listener.port"),
        ("[listener]\nport = -1\n", "listener.port"),
        ("[listener]\nprotocol = 'http'\n", "listener.protocol"),
        ("[listener]\nmax_message_bytes = 0\n", "listener.max_message_bytes"),
        ("[listener]\ntls_key = 'key.pem'\n", "listener"),
        ("[smarthost]\nconnections = 0\n", "smarthost.connections"),
        ("[smarthost]\ntls = 'ssl'\n", "smarthost.tls"),
        ("[database]\nlease = '9s'\n", "database.lease"),
        ("[database]\nlease = '2h'\n", "database.lease"),
        ("[iana]\nwhois = 'whois.iana.org'\n", "iana.whois"),
        ("[dns]\nresolver = 'google'\n", "dns.resolver"),
        ("[iana]\nwhois = 'whois.iana.org:99999'\n", "iana.whois"),
        ("[membership]\nvouched_by = ['anybody']\n", "membership.vouched_by.0"),
        ("[membership]\ncommittee_votes = 3\n", "membership.committee_votes"),
        ("[membership]\nconstituencies = ['isp']\n", "membership.constituencies.0"),
        ("[alerts]\nconstituencies = []\n", "alerts.constituencies: at least one"),
        ("[roster]\nconstituencies = []\n", "roster.constituencies: at least one"),
        ("[roster]\ntimezone = 'Mars/Olympus'\n", "roster.timezone"),
        ("[roster]\ntimezone = '../../etc/passwd'\n", "roster.timezone"),
        ("[alerts]\nrelease = 'never'\n", "alerts.release"),
        ("[metrics]\nlisten = '127.0.0.1'\n", "metrics.listen"),
        ("[metrics]\n", "metrics.listen"),
        ("[log]\nformat = 'xml'\n", "log.format"),
        ("[log]\nlevel = 'loud'\n", "log.level"),
        ("[smarthost]\nsends_from = ['mx.example']\n", "smarthost.sends_from.0"),
        ("[database]\nurl = 7\n", "database.url"),
        ("[database]\nurl = 'mysql://tldops:secret@db.example/tldops'\n", "database.url"),
        ("[database]\nurl = 'var/tldops.sqlite'\n", "database.url"),
        ("[database]\nurl = 'sqlite://'\n", "database.url"),
        ("[database]\nurl = 'postgresql://tldops:secret@db.example:port/tldops'\n", "database.url"),
        ("[database]\nurl = 'postgresql://tldops:secret@[2001:db8::1/tldops'\n", "database.url"),
        ("[openpgp]\nhome = 7\n", "openpgp.home"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_its_key(file: Path, more: str, key: str) -> None:
    text = problem(file, more)
    assert text.startswith(f"{file}: {key}")
    assert len(text.splitlines()) == 1
    assert "secret" not in text


@pytest.mark.parametrize("table", ["openpgp", "database", "listener", "roster"])
def test_a_value_where_a_table_belongs_is_refused(file: Path, table: str) -> None:
    assert f"{file}: {table}: " in problem(file, "", f'{table} = "x"\n{NEEDED}')


@pytest.mark.parametrize(
    "address", ["", "tld-ops", "tld-ops@lists.example\\r\\nBcc: x@y.example", "a b@c.example"]
)
def test_what_is_no_mail_address_is_refused(file: Path, address: str) -> None:
    text = problem(file, "", NEEDED.replace("tld-ops@lists.example", address))
    assert text.startswith(f"{file}: list.address: not a mail address")


@pytest.mark.parametrize("name", ["", "TLD\\nOPS", "TLD-ÖPS", "x" * 61])
def test_the_name_of_the_list_fits_into_a_header(file: Path, name: str) -> None:
    assert "list.name" in problem(file, "", NEEDED.replace("[list]\n", f'[list]\nname = "{name}"\n'))


@pytest.mark.parametrize(
    "length", ["'3'", "'3 months'", "'-3d'", "''", "'d'", "1.5", "true", "[3]", "'1h30m'", "'101y'"]
)
def test_what_is_no_length_of_time_is_refused_with_an_example(file: Path, length: str) -> None:
    text = problem(file, f"[openpgp]\nmax_signature_age = {length}\n")
    assert text.startswith(f"{file}: openpgp.max_signature_age: a length of time is")
    assert '"3d"' in text


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("0 6 1,15 *", "five fields"),
        ("0 25 1 * *", "hour"),
        ("0 6 31 2 *", "never comes"),
        ("*/0 * * * *", "step"),
    ],
)
def test_a_crontab_that_is_none_or_never_due_is_refused_with_the_reason(
    file: Path, line: str, says: str
) -> None:
    text = problem(file, f"[roster]\nschedule = '{line}'\n")
    assert text.startswith(f"{file}: roster.schedule: ")
    assert says in text


def test_what_is_no_toml_is_refused_with_its_place(file: Path) -> None:
    assert "line 6" in problem(file, "port = = 1\n")


def test_octets_that_are_no_utf_8_are_refused(file: Path) -> None:
    file.write_bytes(NEEDED.encode() + b"# \xff\n")
    with pytest.raises(ConfigProblem, match="not UTF-8"):
        load_config(file)


def test_a_file_that_can_not_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblem, match="cannot be read"):
        load_config(tmp_path / "nothing.toml")
    with pytest.raises(ConfigProblem, match="cannot be read"):
        load_config(tmp_path)


def test_a_secret_does_not_stand_in_an_error(file: Path) -> None:
    text = problem(file, "[smarthost]\npassword = 'correct horse'\nusername = ['correct horse']\n")
    assert "correct horse" not in text


# --- what is read, and how


@pytest.mark.parametrize(
    ("written", "is_read"),
    [
        ("'30s'", timedelta(seconds=30)),
        ("'5m'", timedelta(minutes=5)),
        ("'72h'", timedelta(hours=72)),
        ("'3d'", timedelta(days=3)),
        ("'2w'", timedelta(weeks=2)),
        ("'2y'", timedelta(days=730)),
        ("'0'", timedelta(0)),
        ("0", timedelta(0)),
    ],
)
def test_lengths_of_time(file: Path, written: str, is_read: timedelta) -> None:
    assert load(file, f"[membership]\nprobation = {written}\n").membership.probation == is_read


def test_never_is_a_length_only_where_something_can_be_switched_off(file: Path) -> None:
    assert load(file, "[membership]\ntechnical_after = 'never'\n").membership.technical_after is None
    assert load(file, "[membership]\ntechnical_after = '1h'\n").membership.technical_after == timedelta(
        hours=1
    )
    assert "membership.probation" in problem(file, "[membership]\nprobation = 'never'\n")


def test_relative_paths_belong_to_the_folder_of_the_file(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    more = "[listener]\nsocket = 'run/lmtp.sock'\ntls_certificate = 'c'\ntls_key = 'k'\n"
    more += "[smarthost]\npassword_file = 'p'\n[openpgp]\nhome = 'keys'\npassphrase_file = 'w'\n"
    config = load(file, more + "[templates]\ndirectory = 'mine'\n[database]\nurl = 'sqlite:///db/x.sqlite'\n")
    assert config.listener.socket == tmp_path / "run/lmtp.sock"
    assert (config.listener.tls_certificate, config.listener.tls_key) == (tmp_path / "c", tmp_path / "k")
    assert config.smarthost.password_file == tmp_path / "p"
    assert (config.openpgp.home, config.openpgp.passphrase_file) == (tmp_path / "keys", tmp_path / "w")
    assert config.templates.directory == tmp_path / "mine"
    assert config.database.url == f"sqlite:///{tmp_path}/db/x.sqlite"
    assert config.file == file


def test_what_is_left_out_lies_beside_the_file(file: Path, tmp_path: Path) -> None:
    config = load(file)
    assert config.openpgp.home == tmp_path / "var/gnupg"
    assert config.database.url == f"sqlite:///{tmp_path}/var/tldops.sqlite"
    assert config.metrics is None


def test_absolute_paths_and_other_databases_stay_as_they_are(file: Path) -> None:
    config = load(
        file,
        "[openpgp]\nhome = '/srv/keys'\n[database]\nurl = 'postgresql+psycopg://tldops@db.example/tldops'\n",
    )
    assert config.openpgp.home == Path("/srv/keys")
    assert config.database.url == "postgresql+psycopg://tldops@db.example/tldops"
    assert (
        load(file, "[database]\nurl = 'sqlite:////srv/x.sqlite'\n").database.url == "sqlite:////srv/x.sqlite"
    )


@pytest.mark.parametrize("kind", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_named_as_everybody_names_it(file: Path, kind: str) -> None:
    url = load(file, f"[database]\nurl = '{kind}://tldops@db.example/tldops'\n").database.url
    assert url == "postgresql+psycopg://tldops@db.example/tldops"


def test_without_the_library_for_postgresql_the_way_to_it_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tldops_bot.config.values.find_spec", lambda name: None)
    assert "pip install 'psycopg[binary]'" in problem(file, "[database]\nurl = 'postgresql://db/x'\n")
    assert load(file).database.url.startswith("sqlite:///")


# --- which file


def test_the_named_file_comes_before_the_environment_and_that_before_the_folder(tmp_path: Path) -> None:
    here = tmp_path / "config.toml"
    here.write_text(NEEDED)
    named, environment = Path("/etc/named.toml"), {"TLDOPS_CONFIG": "/etc/environment.toml"}
    assert find_config(named, environment, tmp_path) == named
    assert find_config(None, environment, tmp_path) == Path("/etc/environment.toml")
    assert find_config(None, {"TLDOPS_CONFIG": ""}, tmp_path) == here
    assert find_config(None, {}, tmp_path) == here


def test_the_file_of_the_machine_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda self: self == Path("/etc/tldops-bot/config.toml"))
    assert find_config(None, {}, tmp_path) == Path("/etc/tldops-bot/config.toml")


def test_without_any_file_the_error_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", lambda _self: False)
    with pytest.raises(ConfigProblem, match="tldops-bot init"):
        find_config(None, {}, tmp_path)
