// Command pulumi-resource-kubernetes is Pulumi's Kubernetes provider as its Go module holds it.
//
// The module's own main embeds a generated file that is not part of the module. This one embeds the module's
// schema.json, with its version filled in, and terraform-mapping.json; the build copies both beside this file.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

var version = "0.0.0" // set by the linker

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version, schema, terraformMapping)
}
