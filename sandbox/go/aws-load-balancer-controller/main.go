// The AWS Load Balancer Controller: upstream's controllers under a main of our own.
//
// Upstream's main also opens a webhook server on every interface of the machine. The sandbox installs none of its
// webhooks (there is no pod and no Service to reach it by), so here it is left out, and what it asks EC2 about nodes is
// answered by machines.go; all else is as upstream's main has it, flags included.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	elbv2api "sigs.k8s.io/aws-load-balancer-controller/apis/elbv2/v1beta1"
	elbv2 "sigs.k8s.io/aws-load-balancer-controller/controllers/elbv2"
	"sigs.k8s.io/aws-load-balancer-controller/controllers/ingress"
	"sigs.k8s.io/aws-load-balancer-controller/controllers/service"
	"sigs.k8s.io/aws-load-balancer-controller/pkg/aws"
	"sigs.k8s.io/aws-load-balancer-controller/pkg/aws/throttle"
	"sigs.k8s.io/aws-load-balancer-controller/pkg/config"
	"sigs.k8s.io/aws-load-balancer-controller/pkg/k8s"
	"sigs.k8s.io/aws-load-balancer-controller/pkg/networking"
	"sigs.k8s.io/aws-load-balancer-controller/pkg/runtime"
	"sigs.k8s.io/aws-load-balancer-controller/pkg/targetgroupbinding"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

func parse() (config.ControllerConfig, error) {
	settings := config.ControllerConfig{
		AWSConfig:    aws.CloudConfig{ThrottleConfig: throttle.NewDefaultServiceOperationsThrottleConfig()},
		FeatureGates: config.NewFeatureGates(),
	}
	flags := pflag.NewFlagSet("aws-load-balancer-controller", pflag.ExitOnError)
	settings.BindFlags(flags)
	if err := flags.Parse(os.Args[1:]); err != nil {
		return settings, err
	}
	return settings, settings.Validate()
}

func newScheme() (*k8sruntime.Scheme, error) {
	scheme := k8sruntime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return scheme, elbv2api.AddToScheme(scheme)
}

func run(settings config.ControllerConfig) error {
	ctx := ctrl.SetupSignalHandler()
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	cloud, err := aws.NewCloud(settings.AWSConfig, metrics.Registry)
	if err != nil {
		return fmt.Errorf("AWS: %w", err)
	}
	access, err := config.BuildRestConfig(settings.RuntimeConfig)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	options := config.BuildRuntimeOptions(settings.RuntimeConfig, scheme)
	manager, err := ctrl.NewManager(access, options)
	if err != nil {
		return fmt.Errorf("manager: %w", err)
	}
	clients, err := kubernetes.NewForConfig(manager.GetConfig())
	if err != nil {
		return err
	}
	client, log := manager.GetClient(), ctrl.Log
	named := log.WithName("controllers")
	finalizers := k8s.NewDefaultFinalizerManager(client, log)
	groups := networking.NewDefaultSecurityGroupManager(cloud.EC2(), log)
	groupRules := networking.NewDefaultSecurityGroupReconciler(groups, log)
	zones := networking.NewDefaultAZInfoProvider(cloud.EC2(), log.WithName("az-info-provider"))
	vpcs := networking.NewDefaultVPCInfoProvider(cloud.EC2(), log.WithName("vpc-info-provider"))
	subnets := networking.NewDefaultSubnetsResolver(zones, cloud.EC2(), cloud.VpcID(), settings.ClusterName,
		log.WithName("subnets-resolver"))
	pods := k8s.NewDefaultPodInfoRepo(clients.CoreV1().RESTClient(), options.Namespace, log)
	nodes := &machines{EC2: cloud.EC2(), vpc: cloud.VpcID(), cluster: settings.ClusterName}
	bindings := targetgroupbinding.NewDefaultResourceManager(client, cloud.ELBV2(), nodes, pods, groups, groupRules, vpcs,
		cloud.VpcID(), settings.ClusterName, settings.FeatureGates.Enabled(config.EndpointsFailOpen),
		settings.EnableEndpointSlices, settings.DisableRestrictedSGRules,
		manager.GetEventRecorderFor("targetGroupBinding"), log)
	backendGroups := networking.NewBackendSGProvider(settings.ClusterName, settings.BackendSecurityGroup, cloud.VpcID(),
		cloud.EC2(), client, settings.DefaultTags, log.WithName("backend-sg-provider"))

	if err := ingress.NewGroupReconciler(cloud, client, manager.GetEventRecorderFor("ingress"), finalizers, groups, groupRules,
		subnets, settings, backendGroups, named.WithName("ingress")).SetupWithManager(ctx, manager, clients); err != nil {
		return fmt.Errorf("controller of Ingresses: %w", err)
	}
	if settings.FeatureGates.Enabled(config.EnableServiceController) {
		if err := service.NewServiceReconciler(cloud, client, manager.GetEventRecorderFor("service"), finalizers, groups,
			groupRules, subnets, vpcs, settings, named.WithName("service")).SetupWithManager(ctx, manager); err != nil {
			return fmt.Errorf("controller of Services: %w", err)
		}
	}
	if err := elbv2.NewTargetGroupBindingReconciler(client, manager.GetEventRecorderFor("targetGroupBinding"), finalizers,
		bindings, settings, named.WithName("targetGroupBinding")).SetupWithManager(ctx, manager); err != nil {
		return fmt.Errorf("controller of TargetGroupBindings: %w", err)
	}
	if err := manager.AddHealthzCheck("health-ping", healthz.Ping); err != nil {
		return err
	}

	podsEnded := make(chan error, 1)
	go func() { podsEnded <- pods.Start(ctx) }()
	if err := pods.WaitForCacheSync(ctx); err != nil {
		return fmt.Errorf("pods: %w", err)
	}
	if err := manager.Start(ctx); err != nil {
		return err
	}
	return <-podsEnded
}

func main() {
	settings, err := parse()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctrl.SetLogger(runtime.NewConciseLogger(zap.New(zap.UseDevMode(settings.LogLevel == "debug"))))
	if err := run(settings); err != nil {
		ctrl.Log.Error(err, "the controller ends")
		os.Exit(1)
	}
}
