"""A legacy repository's whole history moved to DVC, without losing a byte.

The engine knows nothing of the command line or the console: `engine` is its face, values come back, and progress is
told through callbacks. All work is done on raw trees and commits; replace refs and grafts are not looked at.
"""
