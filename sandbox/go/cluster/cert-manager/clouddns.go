package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
)

// The solver for Cloud DNS has no setting for another endpoint. It asks through the client that golang.org/x/oauth2
// takes when it is given none, http.DefaultClient, and so do its tokens.
const (
	cloudDNS         = "dns.googleapis.com"
	cloudDNSEndpoint = "GOOGLE_DNS_CUSTOM_ENDPOINT" // as Google's Terraform provider and its Pulumi plugin call it
)

// redirect sends requests for one host to another one, and leaves all others alone.
type redirect struct {
	from string
	to   *url.URL
	next http.RoundTripper
}

func (r redirect) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Host == r.from {
		request = request.Clone(request.Context())
		request.URL.Scheme, request.URL.Host, request.Host = r.to.Scheme, r.to.Host, r.to.Host
	}
	return r.next.RoundTrip(request)
}

// redirectCloudDNS leads the solver for Cloud DNS to where the environment says, if it says so.
func redirectCloudDNS() error {
	endpoint := os.Getenv(cloudDNSEndpoint)
	if endpoint == "" {
		return nil
	}
	to, err := url.Parse(endpoint)
	if err != nil || to.Host == "" {
		return fmt.Errorf("%s=%q is no URL", cloudDNSEndpoint, endpoint)
	}
	http.DefaultClient.Transport = redirect{from: cloudDNS, to: to, next: http.DefaultTransport}
	return nil
}
