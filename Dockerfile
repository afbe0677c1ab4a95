# One image for every process of a deployment: workers, feed servers, topic set-up.
# Each runs by its own command; see docker-compose.yml.

FROM python:3.12-slim AS wheels
WORKDIR /src
COPY requirements.lock ./
# Every file is checked against the lock's hashes before anything of it runs.
RUN pip wheel --no-cache-dir --no-deps --require-hashes \
        --requirement requirements.lock --wheel-dir /wheels
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY streams streams
COPY feed_server feed_server
COPY parfeed parfeed
RUN pip install --no-cache-dir --no-index --find-links /wheels hatchling \
    && pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.12-slim
# From the checked wheels only, and only what running needs: the lock has the
# developers' tools too.
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels parfeed \
    && useradd --create-home --uid 10001 parfeed
USER parfeed
WORKDIR /home/parfeed
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
EXPOSE 8765
# Stops on SIGTERM by itself; --init in compose reaps what it leaves.
CMD ["parfeed", "--help"]
