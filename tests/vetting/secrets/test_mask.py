"""What has the form of a secret is not shown, and ordinary settings and code are."""

from __future__ import annotations

import time

import pytest

from sealwright.vetting.secrets.called import hides
from sealwright.vetting.secrets.mask import masked


@pytest.mark.parametrize(
    "name",
    [
        *("password.value", "credentials.pw", "token", "auth.value", "hub.apiKey", "a.HF_TOKEN"),
        *("sas", "pat", "passwd", "db[0].PASSWORD", "metadata token", "file#auth", "accessKeyId"),
        *("client_secret", "session.id_token", "ssh_key", "smtp.pwd", "cred", "personal_token"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert hides(name, "hidden")
    assert hides(name, ["hidden"])
    assert not hides(name, None)
    assert not hides(name, True)
    assert not hides(name, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bos_token", "<s>"),
        ("bos_token.content", "<|begin_of_text|>"),
        ("eos_token_id", 2),
        ("mask_token", "madeupword"),
        ("token", "</s>"),
        ("token", 7),
        ("tokenizer_class", "PreTrainedTokenizerFast"),
        ("model_input_names", ["input_ids", "token_type_ids", "attention_mask"]),
        ("token_url", "https://example.org/oauth2/v1/token"),
        ("tokenizer.ggml.tokens", "4096 bytes, sha256 0123456789abcdef0123456789abcdef"),
        ("author", "Somebody Else"),
        ("num_key_value_heads", 8),
        ("pattern", "abc123def456ghi7"),
        ("key", "value"),
    ],
)
def test_ordinary_settings_of_models_are_shown(name: str, value: object) -> None:
    assert not hides(name, value)


def test_a_token_of_an_unknown_name_is_one_where_it_looks_like_one() -> None:
    assert hides("my_token", "a1b2c3d4e5f6a7b8c9")
    assert not hides("my_token", "word")


@pytest.mark.parametrize(
    "text",
    [
        'API_KEY = "sk-hidden"',
        'def f(password: str = "hidden1"): ...',
        'os.environ["HF_TOKEN"] = "hidden-value"',
        '{"Authorization": "Bearer hidden"}',
        "Authorization: Basic hidden==",
        "curl -H 'x: bearer hidden12345'",
        'requests.get(u, auth=("me", "hidden hidden"))',
        "export API_TOKEN=hidden",
        "client --password hidden --verbose",
        "--index-url https://me:hidden@example.org/simple",
        "x @ git+https://hidden@example.org/a/b@v1",
        "https://store.example/c?sv=1&sig=hidden%3D&se=2",
        '"secret": "hidden"',
        "xoxb-hidden-1234567890",
        "eyJhidden12345.hidden12345.hidden12345",
    ],
)
def test_texts_with_secrets(text: str) -> None:
    assert "hidden" in text
    assert "hidden" not in masked(text)
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize(
    "text",
    [
        'headers = {"Authorization": f"Bearer {key}"}',
        'password = os.environ["PASSWORD"]',
        "password=password, api_key=settings.api_key",
        "token = tokens[0]",
        'bos_token = "<s>"',
        "torch==2.0 --hash=sha256:" + "0f" * 32,
        'AutoTokenizer.from_pretrained("bert-base-uncased")',
        "use basic authentication here",
        "loss_token = compute_2(token_ids_12345)",
        "from sk-learn-like-names import hf_hub_download",
    ],
)
def test_ordinary_code_is_shown(text: str) -> None:
    assert masked(text) == text


def test_code_cannot_be_hidden_in_an_address() -> None:
    assert "exec(open(" in masked('x = "//"; exec(open("y").read()); z = "@"')


@pytest.mark.parametrize(
    "text",
    ["//a", "a.", "\"'=", 'password="', " ", "--a ", "sk-", "eyJ", "a : ", "authorization ", "a :"],
)
def test_it_takes_time_in_proportion(text: str) -> None:
    started = time.process_time()
    masked(text * (200_000 // len(text)))
    masked(text + " " * 200_000)
    assert time.process_time() - started < 8
