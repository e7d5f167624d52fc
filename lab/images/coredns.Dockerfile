# What coredns/coredns is to its user, on an empty base: same path, command line, user and ports.
# rootfs.tar: the program, the CA bundle, /tmp, and busybox to look around with (lab/images.py).
FROM scratch
ADD rootfs.tar /
USER 65532:65532
WORKDIR /
EXPOSE 53 53/udp
ENTRYPOINT ["/coredns"]
