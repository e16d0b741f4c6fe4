"""`python -m tests.helpers.put DVC_DIR FILE MD5`: put a file on the remote `service` as the object of this name."""

from __future__ import annotations

import sys

from dvc.config import Config
from dvc.fs import get_cloud_fs

if __name__ == "__main__":
    folder, file, md5 = sys.argv[1:]
    cls, config, base = get_cloud_fs(Config(folder), name="service")
    there = cls(**config)
    target = there.join(base, "files", "md5", md5[:2], md5[2:])
    if cls.protocol != "http":
        there.makedirs(there.parent(target))
    there.put_file(file, target)
