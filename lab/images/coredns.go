// CoreDNS with only the plugins that the lab's Corefile uses. The stock build also carries the ones for Kubernetes,
// etcd and three clouds, which makes it take three times as long to build.
package main

import (
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/file"
)

func main() { coremain.Run() }
