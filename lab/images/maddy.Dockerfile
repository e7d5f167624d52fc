# What foxcpp/maddy is to its user, on an empty base: same paths, command line, volume and ports.
# rootfs.tar: the program, the CA bundle, /tmp, and busybox for sh and nc (lab/images.py).
FROM scratch
ADD rootfs.tar /
VOLUME /data
EXPOSE 25 143 993 587 465
ENTRYPOINT ["/bin/maddy", "-config", "/data/maddy.conf"]
CMD ["run"]
