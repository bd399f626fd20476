# A small image that runs one Patchbay node as a user without rights; data and configuration are volumes.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/patchbay
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN /opt/patchbay/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY router router
COPY channels channels
COPY dashboard dashboard
RUN /opt/patchbay/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-index .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data patchbay && install -d -o patchbay /data
COPY --from=build /opt/patchbay /opt/patchbay
COPY config /config
ENV PATH=/opt/patchbay/bin:$PATH HOST=0.0.0.0 PORT=8080 DATA=/data CONFIG=/config PYTHONUNBUFFERED=1
USER patchbay
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=4)"]
ENTRYPOINT ["patchbay"]
CMD ["serve"]
