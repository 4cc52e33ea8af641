# syntax=docker/dockerfile:1
FROM python:3.13-slim-bookworm AS build
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
# S3=1: with what files in a bucket need.
ARG S3=
COPY requirements-uv.txt requirements.txt requirements-s3.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-uv.txt \
    && python -m venv --without-pip /venv \
    && uv pip install --no-config --no-cache --python /venv/bin/python --require-hashes \
        -r "requirements${S3:+-s3}.txt"
COPY . .
# Static files are collected once, here; the values below are never used to serve anything.
RUN PRODUCTION=true STATIC_ROOT=/app/staticfiles \
    SECRET_KEY=only-for-collectstatic-only-for-collectstatic-only-for-collectstatic \
    ALLOWED_HOSTS=build.invalid PUBLIC_URL=https://build.invalid \
    REDIS_URL=redis://build.invalid DATABASE_URL=postgresql://build.invalid/build \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m compileall -q .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app contactcenter \
    && install -d -o contactcenter /app /app/var
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 STATIC_ROOT=/app/staticfiles VAR_DIR=/app/var READ_DOT_ENV=0
USER contactcenter
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "web", "--host", "0.0.0.0", "--port", "8000"]
