"""What each rule is about: what, why, an example, how to mend. docs/rules.md is this text, and a test compares them."""

from __future__ import annotations

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.lint import baseline

INTRODUCTION = """# The rules of `trinity-guard lint`

`trinity-guard lint` looks at the index; `--all` at HEAD too; `--rev REV` at the tree of any revision; `--range A..B` at
every commit of a range. In a GitHub or GitLab job it finds the range itself. `--explain TG004` prints one of these
sections.

```sh
$ trinity-guard lint || echo "exit code $?"
models/first.pkl
  TG001 artifact of 331.3 kB in Git: is a stand-in, and its data is in a DVC cache
        trinity-guard convert models/first.pkl

1 finding in the index (8 files).
exit code 1
```

Every file is looked at, by its name, its size and its first 4,096 bytes (a glance at 64 of them tells which need more).
What cannot be told from those is not guessed; nothing is unpickled. Symbolic links, submodules and Git LFS's pointers
are no artifacts. In a range, TG001, TG002, TG005, TG006 and TG009 are about every version that its commits bring along
(of a merge: what none of its parents has), TG003 about every object that they name, the others about what the tree at
the end has of it. Commits are read as they are pushed: what `git replace` or a graft shows here in their place hides
nothing. What .gitattributes gives to Git LFS, but stands in Git, is found. The patterns, `exclude`, `max-size` and the
baseline are the work tree's own, in a bare repository those of the commit that is looked at; a range is judged by those
of the commit it starts from (TG012).

Exit code 0: nothing, or warnings alone. 1: errors. 2: it could not look.
"""

TITLES = {
    "TG001": "artifact in the tree",
    "TG002": "artifact in a commit of the range, though gone from its tip",
    "TG003": "pointer whose object is not on the remote",
    "TG004": "pointer whose file Git does not ignore",
    "TG005": "malformed pointer, or one whose path leaves the repository",
    "TG006": "credential in a committed DVC config",
    "TG007": "file tracked by Git and by DVC",
    "TG008": "model without its metadata JSON",
    "TG009": "oversized file",
    "TG010": "pickle that names what is not known to be harmless",
    "TG011": "pointer that DVC itself does not see",
    "TG012": "this range weakens the guard that judges it",
    "TG013": "ignored artifact that no pointer holds",
    "TG014": "facts in a pointer that are of other bytes",
}

TEXTS = {
    "TG001": """\
A model or a data set stands in Git itself: its name matches `patterns`, or its first bytes say what it is.

Git keeps every version of it for ever, in every clone.

Example: `models/churn.pkl` was committed with `--no-verify`.

To mend: `trinity-guard convert models/churn.pkl`, and commit. It belongs in Git after all: add it to `exclude`. Git
LFS did not run: `git lfs install && git add --renormalize FILE`. It was forced into `.dvc/`, where no pointer is read:
`git rm --cached FILE`. Where a commit that is not merged yet brought it, mend that commit: `git rebase -i COMMIT^`,
mark it `edit`, mend, `git commit --amend`, `git rebase --continue`.
""",
    "TG002": """\
A commit of the range adds an artifact, and a later one removes or replaces it.

The tree looks fine, but whoever merges these commits publishes the bytes, and every clone fetches them.

Example: `a1b2c3d adds models/raw.pkl`, `e4f5a6b removes it again`.

To mend: rewrite the branch before it is merged (`git rebase -i COMMIT^`), or merge it squashed into one commit. Is it
merged already: `trinity-guard migrate`.
""",
    "TG003": """\
A pointer or dvc.lock names an object that the DVC remote lacks, or has in another size; of a directory, any of its
files. Looked at with `--remote` only.

Nobody else can fetch it, and the one copy is in somebody's cache.

Example: the push failed, and the pointer was merged all the same.

To mend: `trinity-guard push COMMIT`, where the file still is. A remote that does not answer is no finding: exit code
2.
""",
    "TG004": """\
A pointer's file is not ignored by the .gitignore files of the same tree. One's own excludes do not count, as nobody
else has them.

The next `git add .` takes the bytes into Git.

Example: `models/churn.pkl.dvc` is there, and models/.gitignore lost its line `/churn.pkl`.

To mend: `trinity-guard lint --fix` adds the line.
""",
    "TG005": """\
DVC could not read a pointer, a dvc.lock or a dvc.yaml; or a pointer's path is absolute, climbs out of the repository,
leads into `.git`, or lies behind a symbolic link.

Nobody gets the file; and a path that leads elsewhere has `dvc checkout` write there.

Example: `path: ../../.ssh/authorized_keys`, or the markers of a merge conflict.

To mend: `git checkout COMMIT -- FILE` brings the last good version, whose commit is named; `dvc add` writes a new one.
Of a path that leads elsewhere find out who wrote it: `git log -p -- FILE`.
""",
    "TG006": """\
A secret (a key, a password, one inside of an address) or a command to run stands in a committed .dvc/config, pointer,
dvc.yaml or dvc.lock; or somebody's config.local is committed. What belongs to one person or one machine (a user's
name, the path of a key) is a warning; Azure's `account_name` is none: it is part of the container's address, which all
need. A config that DVC cannot read may hold anything, and is an error.

Everybody who reads the repository can use it, or runs that command. No value is ever printed.

Example: `password = …` below `['remote "storage"']`.

To mend: `trinity-guard remote credentials --move` (or `trinity-guard lint --fix`) brings it into .dvc/config.local.
Was it pushed, replace it where it was issued: what others could read is known, whatever is done here.
""",
    "TG007": """\
Git tracks a file that a pointer, or a stage's output in dvc.lock, records too; or one in a folder that DVC holds as a
whole.

After the next change one of the two is out of date, and a checkout overwrites the other's version.

Example: `git add -f data/train.csv` beside data/train.csv.dvc.

To mend: `git rm -q --cached -- data/train.csv`: the file stays here, and in DVC.
""",
    "TG008": """\
The pointer of a model (.pkl .pickle .joblib .h5 .hdf5 .keras .pt .pth .ckpt .onnx .safetensors) below a folder named
`models` has no `NAME_metadata.json` beside it, in Git or in DVC. An error for the trainer's own
`layout_risk_predictor_*`, a warning for all others.

Nobody can tell which data, code and parameters it came from.

Example: `models/layout_risk_predictor_2025-01-31.pkl.dvc` without
`models/layout_risk_predictor_2025-01-31_metadata.json`.

To mend: `trinity-guard record MODEL` writes it beside a model of your own, `trinity-guard train` beside its own; commit
it.
""",
    "TG009": """\
A file that is no artifact is larger than `max-size` (5 MB unless configured).

Git keeps every version of it for ever, in every clone.

Example: a video in docs/.

To mend: `trinity-guard convert FILE` keeps it in DVC. Or, in .trinity-guard.toml, add a pattern for it to `patterns`
(always to DVC) or `exclude` (always to Git), or raise `max-size`.
""",
    "TG010": """\
A pickle names what is not on the list of names that are known to build data and nothing else, or cannot be read to its
end. A warning; an error where `pickles = "refuse"`; nothing where it is "off". It is read, never loaded: plain, in
archives, compressed, under any name. Of a pointer it is found where its object is in the cache.

Loading a pickle runs what it says. The list is made of what the libraries save themselves (scikit-learn, NumPy, SciPy,
pandas, joblib, XGBoost, LightGBM, weights of PyTorch, Keras's layers); what is not on it may be harmless, and a name
that is on it is no promise: libraries in C may crash on crafted data.

Example: `models/from-a-forum.pkl` calls os.system.

To mend: `trinity-guard scan FILE` says all that it names. It is a class of yours: `pickle-allow = ["mypackage.*"]`. It
is not: take the file out, and ask where it came from.
""",
    "TG011": """\
A pointer lies below a folder that DVC takes for ignored, or a .dvcignore hides it. DVC does not ask Git: of the lines
`/data/*` and `!*.dvc` it takes the whole folder data/ for ignored, where Git shows the pointers in it.

`dvc pull` in a clone says that everything is up to date, and the file is not there.

Example: `data/train.csv.dvc` beside a .gitignore with `/data/*` and `!*.dvc`.

To mend: take the line out; each artifact has a line of its own. Or write what both understand: `/data/**`,
`!/data/**/`, `!*.dvc`.
""",
    "TG012": """\
A commit of the range changes the configuration, or takes entries into the baseline, so that less would be found. A
warning, since it changes nothing yet: a range is judged by the configuration and the baseline of the commit that it
starts from (of a pull request: its base), and by its own once it is merged. Or it brings an artifact together with the
`cache: false` of a pipeline or a pointer, by which DVC leaves it to Git.

Whoever opens a pull request writes all files in it, these too. Without this rule `exclude = ["*"]` would let everything
through that comes with it.

Example: a pull request that adds a table of 80 MB and raises `max-size` to 100 MB.

To mend: is the change meant, whoever merges it says so by merging; a file that needs it comes in a second pull request,
or is merged with this finding.
""",
    "TG013": """\
A file of the work tree is ignored by a line `/name` in its folder's .gitignore, as a conversion writes it, and no
pointer, lock or pipeline holds it. An error where a commit has had its pointer; a warning for any other file that is an
artifact by its name: somebody may have written that line and mean it. The index alone is looked at, beside which there
is a work tree.

It is neither in Git nor in DVC: nobody else gets it, and no commit has it.

Example: `git rm data/t.csv.dvc` was committed with `--no-verify`; a month later there is a new data/t.csv, and `git add
-A` passes it over.

To mend: `trinity-guard add data/t.csv` records it. It is to stay out: list it under `exclude`, or take the line away.
""",
    "TG014": """\
With `facts = true` a pointer tells rows, columns and the like of its data, and of which md5 they are. DVC's own
commands change the md5 and keep `meta`, which then tells of the former bytes. A warning: the data itself is recorded
rightly.

Whoever reviews it reads wrong figures.

Example: `dvc add data/t.csv`, and a commit by somebody without the hooks.

To mend: the next commit of that pointer renews them; `trinity-guard lint --fix` does it
at any time, and takes them out where the data is not in the cache.
""",
}


def section(rule: str) -> str:
    """Return a rule's section; GuardError (exit 2) for one that there is not."""
    name = rule.upper()
    if name == baseline.RULE:
        title, text = baseline.DESCRIPTION
        return f"## {name} {title}\n\n{text}\n"
    if name not in TEXTS:
        raise GuardError(f"there is no rule {rule}.", f"known: {', '.join(TEXTS)}", UNUSABLE)
    return f"## {name} {TITLES[name]}\n\n{TEXTS[name]}"


def page() -> str:
    """Return docs/rules.md."""
    return "\n".join([INTRODUCTION, *map(section, [*TEXTS, baseline.RULE])])
