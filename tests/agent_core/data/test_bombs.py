"""What unpacks to far more than was read of it is refused as soon as that shows."""

import gzip
import io
import random
import zipfile

import pyarrow as pa
import pytest

from agent_core.data import plain_file
from agent_core.data.profile import profile
from agent_core.errors import BadDataset

HEADER = "user_id,item_id,rating\n"


def gz(content):
    return gzip.compress(content)


def zst(content):
    return pa.compress(content, codec="zstd", asbytes=True)


def zipped(content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ratings.csv", content)
    return packed.getvalue()


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    monkeypatch.setattr(plain_file, "FREE_BYTES", 1 << 18)
    monkeypatch.setattr(plain_file, "CHUNK", 1 << 14)


@pytest.mark.parametrize("pack", [gz, zst, zipped])
def test_a_bomb_is_left_at_its_beginning(tmp_path, pack, monkeypatch):
    seen = []
    refuse = plain_file._Packed._refuse_bomb
    monkeypatch.setattr(
        plain_file._Packed, "_refuse_bomb", lambda self, n, r: (seen.append(n), refuse(self, n, r))
    )
    file = tmp_path / "bomb.csv"
    file.write_bytes(pack((HEADER + "1,1,1\n" * 10_000_000).encode()))

    with pytest.raises(BadDataset, match="unpacks to more than") as told:
        profile(file)

    assert str(told.value).count("\n") == 0
    assert seen[-1] < 20 << 20


@pytest.mark.parametrize("pack", [gz, zst, zipped])
def test_ordinary_rows_pass_the_same_limits(tmp_path, pack):
    rng = random.Random(3)
    pairs = sorted({(rng.randrange(300), rng.randrange(900)) for _ in range(60_000)})
    file = tmp_path / "ratings.csv"
    file.write_bytes(pack((HEADER + "".join(f"{u},{i},5\n" for u, i in pairs)).encode()))

    assert profile(file).rows == len(pairs)
