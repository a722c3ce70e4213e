// The controller of GKE's ManagedCertificates: upstream's controller under a main of our own.
//
// Upstream's main elects a leader by an object that the API server no longer has, and asks the metadata server of a
// Google machine for its project and its tokens. Here there is one instance, its project is a flag, and its tokens come
// by GOOGLE_APPLICATION_CREDENTIALS. Upstream has no setting for another endpoint: what it asks of Compute Engine goes
// to where GOOGLE_COMPUTE_CUSTOM_ENDPOINT says. It reads Ingresses in a version that clusters had until 1.22;
// ingresses.go reads them in today's.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/GoogleCloudPlatform/gke-managed-certs/pkg/clients"
	"github.com/GoogleCloudPlatform/gke-managed-certs/pkg/config"
	"github.com/GoogleCloudPlatform/gke-managed-certs/pkg/controller"
	"github.com/GoogleCloudPlatform/gke-managed-certs/pkg/flags"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	compute "google.golang.org/api/compute/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog"
)

const computeEndpoint = "GOOGLE_COMPUTE_CUSTOM_ENDPOINT" // as Google's Terraform provider and its Pulumi plugin call it

// endpoint sends every request for Compute Engine to another server.
type endpoint struct{ *url.URL }

func (e endpoint) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Host == "compute.googleapis.com" {
		request = request.Clone(request.Context())
		request.URL.Scheme, request.URL.Host, request.Host = e.Scheme, e.Host, e.Host
	}
	return http.DefaultTransport.RoundTrip(request)
}

// withEndpoint is a context whose clients reach Compute Engine where the environment says.
func withEndpoint(ctx context.Context) (context.Context, error) {
	to, err := url.Parse(os.Getenv(computeEndpoint))
	if err != nil || to.Host == "" {
		return nil, fmt.Errorf("%s must be a URL", computeEndpoint)
	}
	return context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: endpoint{to}}), nil
}

// settings are upstream's; it takes the project from a file as GKE's masters have it.
func settings(ctx context.Context, project string) (*config.Config, error) {
	file, err := os.CreateTemp("", "gce-*.conf")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	if _, err := fmt.Fprintf(file, "[global]\nproject-id = %s\n", project); err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	read, err := config.New(ctx, file.Name())
	if err != nil {
		return nil, err
	}
	read.Compute.TokenSource, err = google.DefaultTokenSource(ctx, compute.ComputeScope)
	return read, err
}

func run(ctx context.Context, project string) error {
	ctx, err := withEndpoint(ctx)
	if err != nil {
		return err
	}
	configuration, err := settings(ctx, project)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	all, err := clients.New(ctx, configuration)
	if err != nil {
		return fmt.Errorf("clients: %w", err)
	}
	access, err := clientcmd.BuildConfigFromFlags(flags.F.APIServerHost, flags.F.KubeConfigFilePath)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	if all.Ingress, err = newIngresses(access); err != nil {
		return fmt.Errorf("client of Ingresses: %w", err)
	}
	all.ManagedCertificate = watched{all.ManagedCertificate}
	return controller.New(ctx, configuration, all).Run(ctx)
}

func main() {
	klog.InitFlags(nil)
	project := flag.String("project", "", "the project of Google Cloud")
	flags.Register() // it parses too
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *project); err != nil {
		klog.Exit(err)
	}
}
