# AutoRecLab for Slack: the product and the libraries of its experiments, each in its environment.
#   docker build -t autoreclab .
#   docker run --init --security-opt seccomp=deploy/seccomp.json \
#       --security-opt systempaths=unconfined --cap-drop ALL \
#       -e SLACK_BOT_TOKEN -e SLACK_APP_TOKEN -e OPENAI_API_KEY -v autoreclab:/data autoreclab
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}

ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends bubblewrap util-linux fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY pyproject.toml README.md constraints.txt constraints-lab.txt ./
COPY scripts scripts
COPY bot bot
COPY agent_core agent_core
COPY sandbox sandbox
COPY storage storage
RUN TORCH_INDEX="${TORCH_INDEX}" PIP_NO_CACHE_DIR=1 sh scripts/install.sh product lab

# The sandbox needs no root: an ordinary user, user namespaces, bubblewrap.
RUN useradd --uid 10001 --create-home autoreclab && install -d -o autoreclab /data
USER autoreclab
WORKDIR /data
VOLUME /data
ENV PATH=/app/.venv/bin:$PATH
ENTRYPOINT ["autoreclab"]
CMD ["serve"]
