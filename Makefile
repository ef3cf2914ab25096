# Every target sets up what it needs and can be run at any time, again and again.
.PHONY: setup demo test abroad benchmarks journeys gate-long soak soak-long soak-commands check docs dist matching-corpus desk-pictures desk-looks mutants lock
# Every command of a target has the few variables of .ci/clean, whatever the environment holds.
SHELL := .ci/clean
.SHELLFLAGS := /bin/sh -c

setup: ## the environment in .venv, and a Chromium
	@.ci/setup

demo: setup ## the whole job on bundled recordings; its folders stay in .venv/demo
	@.venv/bin/archiver demo --keep .venv/demo

test: setup ## the suite: each mechanism once, in its short form; minutes
	@.ci/test-tools
	@echo "test: running the suite on four processes, since many tests wait; the long forms are \`make soak\`"
	@.venv/bin/pytest -n 4 --dist worksteal

abroad: setup ## a part of the suite with another locale, time zone and umask, in folders with a blank and an umlaut
	@.ci/test-tools
	@.ci/abroad

benchmarks: setup ## every benchmark in a form of seconds, which must end and print its ratio; some minutes
	@.ci/test-tools
	@.venv/bin/python tests/benchmarks/quick.py

journeys: setup ## a new user's days on homes that commands and earlier versions made, in a real browser; some minutes
	@.ci/test-tools
	@rm -rf .venv/journeys
	@echo "journeys: walking through the demo, earlier homes and an agency's days"
	@.venv/bin/pytest -n 2 --dist loadfile -rs -m "journey and not long" tests/journeys tests/museum
	@.venv/bin/python tests/journeys/reached.py

gate-long: setup ## what the gate leaves out, before a piece of work is called done: long forms, other machines; an hour
	@$(MAKE) soak benchmarks abroad
	@echo "journeys: the other languages"
	@.venv/bin/pytest -n 2 --dist loadfile -rs -m "journey and long" tests/journeys tests/museum
	@.ci/elsewhere

soak: setup ## the long forms of the suite (marked `long`), and kills and power cuts by the hundred; some ten minutes
	@.ci/test-tools firefox-esr
	@echo "soak: killing, forging and cutting the power, again and again"
	@.venv/bin/pytest -n 3 -rs tests/soak/soak_crash.py
	@echo "soak: the long forms of the suite"
	@.venv/bin/pytest -n 4 --dist worksteal -rs -m "long and not journey"

soak-long: setup ## 2,400 forged packs, 400 changed lists, 2,000 drawn changes of platforms, sites and mailboxes; hours
	@.ci/test-tools firefox-esr
	@echo "soak: forging packs, and changing lists"
	@.venv/bin/pytest -n 2 -rs tests/soak/soak_packs.py tests/soak/soak_mailbox.py tests/soak/soak_mutations.py \
		tests/soak/soak_companion.py tests/soak/soak_redesigns.py tests/soak/soak_hidden_rows.py tests/soak/soak_audit.py \
		tests/soak/soak_wordpress.py tests/soak/soak_state_changes.py tests/soak/soak_platform_changes.py
	@.venv/bin/pytest -s -rs tests/soak/soak_fleet.py
	@.venv/bin/pytest -n 2 -rs -m longest
	@EXAMPLES_TIMES=5 .venv/bin/pytest -n 2 -rs tests/provider/test_request_rules.py tests/provider/test_request_rules_php.py \
		tests/archive/test_names.py tests/archive/test_growth.py

soak-commands: setup ## a kill at every write of every command; three hours, and it goes on where it stopped
	@.ci/test-tools
	@echo "soak: killing at every write"
	@SOAK_DONE=.venv/soak-commands .venv/bin/pytest -n 2 -rs tests/soak/soak_commands.py

check: setup ## style, types, import directions and the structure
	@echo "check: ruff, mypy, import-linter, structure"
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache --no-logo
	@.venv/bin/python tests/structure.py

docs: setup ## the documents as a site in .venv/site, with the reference written from the program; a dead link fails
	@.venv/bin/python docs/draw_architecture.py
	@.venv/bin/python -m archiver.collect.companion.site_rules
	@PYTHONPATH=. .venv/bin/python docs/write_reference.py .venv/man
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict -f .ci/mkdocs.yml
	@echo "docs: the site is .venv/site/index.html; the manual pages are in .venv/man (man -M .venv/man archiver)"

dist: setup ## what is published, in dist/: sdist, wheel, SBOM, licences; the same bytes each time
	@.ci/dist

matching-corpus: setup ## pictures out of packages, in .venv/corpus, for tests/benchmarks/matching.py; Debian only
	@.venv/bin/python tests/benchmarks/corpus.py .venv/corpus

desk-pictures: demo ## the screenshots of README.md and docs/desk.md, made anew from the demo and by the desk's tests
	@.venv/bin/python docs/picture_demo.py .venv/demo
	@DESK_PICTURES=docs/desk .venv/bin/pytest tests/desk/test_desk.py -k whole

desk-looks: setup ## every page of the desk in light and dark, wide and narrow, English and German, in .venv/looks; an hour
	@DESK_LOOKS=.venv/looks .venv/bin/pytest tests/desk/test_looks.py -m longest

mutants: setup ## changes one thing at a time in a module that decides, and tells what no test sees: MODULE, DRAW, SECONDS, SEED
	@.venv/bin/python tests/mutants/mutants.py $(or $(MODULE),all) $(if $(DRAW),--draw $(DRAW)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

lock: ## lock the newest versions of all dependencies
	@.ci/lock
