# The image of web and worker. Faust has no wheel for Linux on arm64: the first stage can compile it.
FROM python:3.11-slim-bookworm AS build

RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir uv==0.13.9

ENV UV_PROJECT_ENVIRONMENT=/opt/holdfast \
    UV_PYTHON_DOWNLOADS=never \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy
WORKDIR /build

# What is pinned changes seldom: this layer is kept when only our own code changes.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-dev --no-install-project

COPY services services
COPY streams streams
COPY enrollment enrollment
COPY protocols protocols
COPY cohorts cohorts
COPY eligibility eligibility
RUN uv sync --locked --no-dev --no-editable

FROM python:3.11-slim-bookworm

LABEL org.opencontainers.image.title="Holdfast" \
      org.opencontainers.image.description="Eligibility, cohort slots and signed reviews of a Phase I/II trial" \
      org.opencontainers.image.licenses="Apache-2.0"

RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin holdfast
COPY --from=build /opt/holdfast /opt/holdfast

ENV PATH=/opt/holdfast/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp

# What each container runs is said where it is started: docker-compose.yml.
CMD ["holdfast", "--help"]
