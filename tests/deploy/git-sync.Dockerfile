# A stand-in for registry.k8s.io/git-sync/git-sync, which no test may fetch: the same arguments, the same swap.
ARG BASE
FROM ${BASE} AS git-sync
RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends git && \
    rm -rf /var/lib/apt/lists/* && install -d -m 1777 /git
COPY git-sync.sh /
ENTRYPOINT ["bash", "/git-sync.sh"]
