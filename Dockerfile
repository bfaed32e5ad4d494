# One image for the five services, the console and the local mail server; the command says which: docker run laowu services.docking
# The same lock and sources give the same files: compiled code is known by its source, not by the time of a build.
ARG SOURCE_DATE_EPOCH=0

FROM python:3.11-slim AS packages
ARG SOURCE_DATE_EPOCH
COPY requirements.runtime.lock .
RUN python -m venv /opt/laowu \
 && /opt/laowu/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes -r requirements.runtime.lock

FROM python:3.11-slim
ARG SOURCE_DATE_EPOCH
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin laowu \
 && install --directory --owner=laowu --mode=700 /var/lib/laowu
COPY --from=packages /opt/laowu /opt/laowu
WORKDIR /srv/laowu
COPY shared shared
COPY services services
COPY console console
RUN /opt/laowu/bin/python -m compileall -q shared services console
ENV PATH=/opt/laowu/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=33554432 \
    MALLOC_TRIM_THRESHOLD_=134217728 \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8000
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m"]
