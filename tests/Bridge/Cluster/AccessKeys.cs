using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Cluster;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Bridge.Cluster;

/// <summary>A gateway in front of brokers that serve signed requests alone.</summary>
public sealed class AccessKeys
{
    [Fact]
    public async Task With_the_access_key_everything_the_bridge_asks_is_signed()
    {
        var gate = new SignatureGate("gateway", "a secret of 24 characters");
        await using LocalCluster cluster = await LocalCluster.StartGuardedAsync(gate);
        await using (ClusterBridge bridge = await OpenAsync(cluster, "gateway", "a secret of 24 characters").Within("bridge opened"))
        {
            await bridge.Topics.CreateAsync("t", 2);
            await using IMessageStream group = await bridge.SubscribeAsync(
                new SubscribeRequest { Kind = StreamKind.Group, Group = "g", Topics = TopicSelection.Of("t"), Lease = TimeSpan.FromMinutes(10) }).Within("group subscribed");
            await bridge.PublishAsync(new PublishMessage("t", "signed"u8.ToArray(), default)).AsTask().Within("published");
            using var batch = new MessageBatch();
            await group.ReceiveAsync(batch, 1, Timeout.InfiniteTimeSpan).Within("the message arrived");
            Assert.Equal("signed", Encoding.UTF8.GetString(batch[0].Body.Span));
            await group.SettleAsync(batch[0].Delivery, Settlement.Accept);
            await bridge.State.PutAsync("s", "k", "v"u8.ToArray());
            Assert.True(bridge.Status.CanPublish);
        }

        Assert.Empty(gate.Refused);
        Assert.NotEmpty(gate.Passed);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("gateway", "another secret")]
    [InlineData("somebody", "a secret of 24 characters")]
    public async Task Without_the_right_one_the_bridge_does_not_open_and_says_who_refused(string accessKey, string secretKey)
    {
        var gate = new SignatureGate("gateway", "a secret of 24 characters");
        await using LocalCluster cluster = await LocalCluster.StartGuardedAsync(gate);
        var failure = await Assert.ThrowsAsync<BridgeException>(() => OpenAsync(cluster, accessKey, secretKey).Within("the bridge gave up"));
        Assert.Equal(BridgeError.NotAuthorized, failure.Error);
        Assert.Contains("NO_PERMISSION", failure.Message, StringComparison.Ordinal);
        Assert.Contains("the request has no valid signature", failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(gate.Refused);
    }

    [Theory]
    [InlineData("key", "", "", "secretKey")]
    [InlineData("", "secret", "", "secretKey")]
    [InlineData("", "", "token", "securityToken")]
    public void Half_of_a_key_is_refused_by_name(string accessKey, string secretKey, string token, string named)
    {
        var options = new ClusterOptions { AccessKey = accessKey, SecretKey = secretKey, SecurityToken = token };
        var wrong = new List<ValidationResult>();
        Assert.False(Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true));
        Assert.Contains(named, Assert.Single(wrong).ErrorMessage!, StringComparison.Ordinal);
    }

    private static Task<ClusterBridge> OpenAsync(LocalCluster cluster, string accessKey, string secretKey) => ClusterBridge.OpenAsync(
        new ClusterOptions
        {
            NameServers = cluster.NameServers,
            AccessKey = accessKey,
            SecretKey = secretKey,
            TopicInterval = TimeSpan.FromMilliseconds(100),
            RetryPause = TimeSpan.FromMilliseconds(100),
        },
        TimeProvider.System,
        NullLoggerFactory.Instance).AsTask();
}
