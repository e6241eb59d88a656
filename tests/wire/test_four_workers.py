"""Everybody at once, on SQLite: four workers, eight people, no refusal and nothing lost."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from harness import Browser, Git, Instance, Person, Server

PEOPLE = 8
ROUNDS = 4


def test_eight_people_create_log_in_and_push_at_once(server: Server, instance: Instance, git: Git) -> None:
    assert len(server.workers()) == 4
    crowd = [instance.create_user(Person(f"person{number}", f"secret-{number}")) for number in range(PEOPLE)]
    templates = {person: git.init() for person in crowd}
    for person, work in templates.items():
        git.commit(work, f"By {person.name}", {"who": person.name})

    def one_persons_day(person: Person) -> list[int]:
        statuses = []
        for number in range(ROUNDS):
            browser = Browser(server.url)
            statuses.append(browser.log_in(person).status)
            name = f"{person.name}-{number}"
            made = browser.create_repository(name, "git" if number % 2 else "hg")
            statuses.append(made.status)
            if number % 2:
                git("push", server.url_for(person, name), "HEAD", cwd=templates[person])
                git.commit(templates[person], f"Round {number}", {"round": str(number)})
                git("push", server.url_for(person, name), "HEAD", cwd=templates[person])
            statuses.append(browser.get(f"/{name}").status)
        return statuses

    with ThreadPoolExecutor(PEOPLE) as pool:
        statuses = Counter(status for day in pool.map(one_persons_day, crowd) for status in day)

    assert set(statuses) == {200, 302}, statuses
    assert "locked" not in server.log(), server.log()
    assert instance.rows("SELECT count(*) FROM repositories") == [(PEOPLE * ROUNDS,)]
    created = instance.rows("SELECT count(*) FROM user_logs WHERE action = 'user_created_repo'")
    assert created == [(PEOPLE * ROUNDS,)]
    pushes = instance.rows("SELECT repository_name, count(*) FROM user_logs WHERE action LIKE 'push:%' GROUP BY 1")
    assert dict(pushes) == {f"{person.name}-{number}": 2 for person in crowd for number in range(1, ROUNDS, 2)}
    for person in crowd:
        assert instance.last_changeset(f"{person.name}-{ROUNDS - 1}")["raw_id"] == git.tip(templates[person])
    sessions = instance.rows("SELECT count(DISTINCT user_id), count(*) FROM rs_sessions WHERE user_id IS NOT NULL")
    assert sessions == [(PEOPLE, PEOPLE * ROUNDS)], "every log-in has a session of its own"
