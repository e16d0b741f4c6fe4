"""The CI stage: numbered rules over a tree and every commit of a range, and the formats that they are told in."""
