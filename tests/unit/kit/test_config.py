"""The settings: documented, checked, and silent about passwords."""

from pathlib import Path

import pytest

from his.kit.config import (
    PREFIX,
    Settings,
    SetupError,
    default_data_dir,
    get_settings,
    load_settings,
    unknown_variables,
)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_described_in_a_sentence(name: str) -> None:
    description = Settings.model_fields[name].description or ""
    assert len(description.split()) >= 5, f"{PREFIX}{name.upper()} needs a description"
    assert description.endswith((".", ")")), f"{name}: the description is no sentence"


@pytest.mark.parametrize(
    "name",
    [
        n
        for n, f in Settings.model_fields.items()
        if f.annotation is int and n not in {"port", "gateway_port", "metrics_port", "workers", "max_requests"}
    ],
)
def test_numbers_say_their_unit_or_count(name: str) -> None:
    assert name.endswith(("_per_second", "_seconds", "_minutes", "_hours", "_days", "_mb", "_size", "_attempts"))


def test_the_defaults_serve_one_machine() -> None:
    settings = load_settings()
    assert (settings.profile, settings.host, settings.port) == ("production", "127.0.0.1", 8000)
    assert settings.database_url is None
    assert settings.public_url == "http://127.0.0.1:8000"
    assert not settings.secure_cookies
    assert settings.data_dir.is_absolute()


def test_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HIS_DATA_DIR", str(tmp_path / "a" / ".." / "b"))
    monkeypatch.setenv("HIS_PORT", "9123")
    monkeypatch.setenv("HIS_HOST", "0.0.0.0")
    settings = load_settings()
    assert settings.data_dir == tmp_path / "b"
    assert settings.public_url == settings.browse_url == "http://127.0.0.1:9123"


def test_tls_outside_means_secure_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIS_PUBLIC_URL", "https://benhvien.example/")
    assert load_settings().secure_cookies
    assert load_settings().public_url == "https://benhvien.example"
    assert load_settings().browse_url == "http://127.0.0.1:8000"
    monkeypatch.setenv("HIS_SECURE_COOKIES", "false")
    assert not load_settings().secure_cookies


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIS_DATABASE_URL", "")
    assert load_settings().database_url is None


def test_sqlalchemys_spelling_of_the_address_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIS_DATABASE_URL", "postgresql+psycopg://o:p@db:5432/his")
    assert load_settings().database_url == "postgresql://o:p@db:5432/his"


def test_a_wrong_value_is_named_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIS_PORT", "tám nghìn")
    monkeypatch.setenv("HIS_DATABASE_URL", "mysql://root:bimat@db/his")
    with pytest.raises(SetupError) as caught:
        load_settings()
    for sentence in (caught.value.vi, caught.value.en):
        assert "HIS_PORT" in sentence
        assert "HIS_DATABASE_URL" in sentence
        assert "bimat" not in sentence
        assert "HIS_PUBLIC_URL" not in sentence, "a consequence is no cause"
        assert "\n" not in sentence


def test_one_port_serves_one_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIS_GATEWAY_PORT", "8000")
    with pytest.raises(SetupError, match="both 8000"):
        load_settings()


def test_passwords_stay_out_of_the_printed_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIS_DATABASE_URL", "postgresql://o:bimat@db/his")
    assert "bimat" not in repr(load_settings())


def test_a_slip_of_the_pen_is_found() -> None:
    assert unknown_variables({"HIS_DATADIR": "x", "HIS_PORT": "1", "PATH": "y"}) == ["HIS_DATADIR"]


def test_settings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    get_settings.cache_clear()
    first = get_settings()
    monkeypatch.setenv("HIS_PORT", "9999")
    assert get_settings() is first
    get_settings.cache_clear()
    assert get_settings().port == 9999
    get_settings.cache_clear()


def test_data_lies_in_the_project_or_at_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert default_data_dir(tmp_path, home) == home / ".local/share/his", "an installed package has no pyproject.toml"
    (tmp_path / "pyproject.toml").touch()
    assert default_data_dir(tmp_path, home) == tmp_path / "var"
