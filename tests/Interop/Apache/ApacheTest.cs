using System.Globalization;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>What the tests against a cluster of Apache RocketMQ have in common: a connection, and topics of their own.</summary>
public abstract class ApacheTest : IAsyncDisposable
{
    protected static TimeSpan Patience => ApacheTopic.Patience;

    protected ClusterConnection Connection { get; } = new(Client());

    protected AdminClient Admin => new(Connection);

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static ClientOptions Client() => new() { NameServers = ApacheCluster.NameServers };

    protected static string Text(ReceivedMessage message) => Member.Text(message);

    protected static int Number(ReceivedMessage message) => Number(Text(message));

    protected static int Number(string body) => int.Parse(body, CultureInfo.InvariantCulture);

    protected Task<bool> IsFourAsync() => ApacheCluster.IsFourAsync(Admin);

    private protected Task<ApacheTopic> TopicAsync(string name, int queues = 4, Action<ProducerOptions>? change = null)
        => ApacheTopic.MakeAsync(Connection, name, queues, change);

    private protected Task LagAsync(ApacheTopic topic, long lag) => Eventually.TrueAsync(
        async () => (await ProgressAsync(topic.Group, topic.Name)) is { Count: > 0 } progress && progress.Sum(queue => queue.Lag) == lag, $"the lag is {lag}", Patience);

    /// <summary>Waits until the name servers know so many brokers again: a started one registers some seconds after it listens.</summary>
    protected Task KnownAsync(int brokers) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                return (await Admin.ListBrokersAsync()).Count == brokers;
            }
            catch (ProtoBridgeMqException)
            {
                return false;
            }
        },
        $"the name servers know {brokers} brokers",
        TimeSpan.FromMinutes(2));

    /// <summary>The progress of a group; none while the brokers have not heard of it.</summary>
    protected async Task<IReadOnlyList<QueueProgress>> ProgressAsync(string group, string topic)
    {
        try
        {
            return await Admin.Groups.GetProgressAsync(group, topic);
        }
        catch (RequestRefusedException)
        {
            return [];
        }
    }
}
