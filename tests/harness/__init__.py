"""What the whole-program tests stand on: real servers, real clients, a reader of pages.

A test starts servers from `servers`, acts through a `Browser` or through the real `Git` and `Hg`, and looks at the traces in an
`Instance`: its database, its folder, its log. Every process belongs to the test run; `processes` tells what was left behind.
"""

from harness.browser import Browser, Page
from harness.clients import Client, Git, Hg
from harness.instance import Instance, People, Person
from harness.raw import Reply, converse
from harness.servers import Server, gunicorn

__all__ = ["Browser", "Client", "Git", "Hg", "Instance", "Page", "People", "Person", "Reply", "Server", "converse", "gunicorn"]
