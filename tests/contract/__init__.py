"""The wire, written down: JSON that the server's tests and the app's tests both hold themselves to.

Each file holds stories; a story is a list of exchanges, each a request and its answer. The server's
test (tests/server/contract/test_wire.py) replays the requests and compares the answers exactly; the
app's (pwa/src/sync/contract.test.ts) reads the same answers and asserts what becomes of the records
on the phone. So a change of the wire is a change of these files, to be seen in review:

    python -m tests.contract            says which files differ from what the server answers now
    python -m tests.contract --write    writes them anew

The requests are made in stories.py and uploads.py, for the company in company.py.
"""
