package main

import (
	"context"
	"fmt"
	"sync"

	awssdk "github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ec2"
	"sigs.k8s.io/aws-load-balancer-controller/pkg/aws/services"
)

// podNetwork is where the sandbox's pods have their addresses: what KWOK is told.
const podNetwork = "10.240.0.0/16"

// machines is EC2 where the cluster's nodes are concerned. The sandbox's nodes are imitated, and EC2 knows no instance
// behind them: so each is said to have one network interface, which carries every pod and is in the cluster's own
// security group. In that group the controller opens the pods' ports, as it does in a real one.
type machines struct {
	services.EC2
	vpc     string
	cluster string

	lock  sync.Mutex
	group *ec2.GroupIdentifier
}

func (m *machines) DescribeInstancesAsList(ctx context.Context, input *ec2.DescribeInstancesInput) ([]*ec2.Instance, error) {
	group, err := m.clusterGroup(ctx)
	if err != nil {
		return nil, err
	}
	groups := []*ec2.GroupIdentifier{group}
	var found []*ec2.Instance
	for _, id := range input.InstanceIds {
		address := awssdk.String("10.239.0.1") // as KWOK says of every node
		found = append(found, &ec2.Instance{
			InstanceId:       id,
			VpcId:            awssdk.String(m.vpc),
			PrivateIpAddress: address,
			SecurityGroups:   groups,
			NetworkInterfaces: []*ec2.InstanceNetworkInterface{{
				NetworkInterfaceId: awssdk.String("eni-" + awssdk.StringValue(id)[2:]),
				PrivateIpAddress:   address,
				Ipv4Prefixes:       []*ec2.InstanceIpv4Prefix{{Ipv4Prefix: awssdk.String(podNetwork)}},
				Groups:             groups,
				VpcId:              awssdk.String(m.vpc),
			}},
		})
	}
	return found, nil
}

// clusterGroup is the security group that EKS makes for a cluster.
func (m *machines) clusterGroup(ctx context.Context) (*ec2.GroupIdentifier, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.group == nil {
		name := "eks-cluster-sg-" + m.cluster
		found, err := m.EC2.DescribeSecurityGroupsAsList(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []*ec2.Filter{
			{Name: awssdk.String("vpc-id"), Values: awssdk.StringSlice([]string{m.vpc})},
			{Name: awssdk.String("group-name"), Values: awssdk.StringSlice([]string{name})},
		}})
		if err != nil {
			return nil, err
		}
		if len(found) != 1 {
			return nil, fmt.Errorf("%d security groups are named %s in %s, one is needed", len(found), name, m.vpc)
		}
		m.group = &ec2.GroupIdentifier{GroupId: found[0].GroupId, GroupName: found[0].GroupName}
	}
	return m.group, nil
}
