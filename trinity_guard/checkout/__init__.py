"""The working tree follows the pointers: what they ask for, the plan, what is done."""
