import pytest

from bot.settings import SettingsError, load_settings

SEED_FILE = """
[treesearch]
num_draft_nodes = 5
max_iterations = 4
debug_prob = 0.5
epsilon = 0.1
[exec]
timeout = 600
workspace = "./workspace"
[agent]
k_fold_validation = 3
[agent.code]
model = "some-model"
model_temp = 0.7
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(SEED_FILE)
    return path


def test_a_file_of_version_one_works_unchanged(config):
    settings = load_settings(config)

    assert settings.treesearch.num_draft_nodes == 5
    assert settings.agent.k_fold_validation == 3
    assert settings.agent.code.model == "some-model"


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(config, monkeypatch):
    monkeypatch.setenv("AUTORECLAB_EXEC__TIMEOUT", "700")
    monkeypatch.setenv("AUTORECLAB_TREESEARCH__EPSILON", "0.2")

    settings = load_settings(config, ["exec.timeout=800", 'storage.path="elsewhere"'])

    assert settings.exec.timeout == 800
    assert settings.treesearch.epsilon == 0.2
    assert settings.treesearch.num_draft_nodes == 5
    assert str(settings.storage.path) == "elsewhere"


def test_an_unknown_key_names_the_nearest_known_one(config):
    with pytest.raises(
        SettingsError, match=r"treesearch.epsilom; did you mean treesearch.epsilon"
    ):
        load_settings(config, ["treesearch.epsilom=1"])


def test_an_unknown_table_names_the_nearest_known_one():
    with pytest.raises(SettingsError, match="did you mean sandbox"):
        load_settings(None, ["sandbx.slots=1"])


def test_an_impossible_value_is_named(config):
    with pytest.raises(SettingsError, match=r"treesearch.debug_prob = 3"):
        load_settings(config, ["treesearch.debug_prob=3"])


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("[treesearch\n")

    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "none.toml")


def test_limits_of_scripts_reach_the_lab(config):
    given = ["sandbox.disk_mib=100", "sandbox.processes=9", "exec.timeout=7"]

    limits = load_settings(config, given).lab(takes_up=False).limits

    assert (limits.disk_mib, limits.processes, limits.timeout_s) == (100, 9, 7)
    assert limits.memory_mib == 4096
