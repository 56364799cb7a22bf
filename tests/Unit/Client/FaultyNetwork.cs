using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using ProtoBridgeMQ.Tests.Support.Net;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>The client behind a proxy that cuts, delays, half-closes, swallows and spoils. Messages say afterwards what became of them.</summary>
public sealed class FaultyNetwork
{
    [Fact]
    public Task What_a_failed_send_says_of_itself_is_true() => Seeded.RunAsync(async random =>
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync(null, "broker-a", "broker-b");
        await CreateAsync(cluster, "t");
        await using var proxies = await Proxies.StartAsync(cluster, random.Next());
        await using Producer producer = await ProducerAsync(
            cluster,
            options =>
            {
                options.AttemptTimeout = TimeSpan.FromMilliseconds(300);
                options.SendTimeout = TimeSpan.FromMilliseconds(900);
            },
            client => client.AddressMap = proxies.Map);
        var sends = new Sends(producer);
        Fault[] faults = Enum.GetValues<Fault>();
        for (int round = 0; round < 12; round++)
        {
            foreach (FaultProxy proxy in proxies.All)
            {
                proxy.Fault = round % 3 == 2 ? Fault.None : faults[random.Next(faults.Length)];
            }

            if (round % 3 == 2)
            {
                // Brokers are left alone for a moment after a failure: rounds that fail at once would all be over before it is.
                await Eventually.TrueAsync(() => sends.TryAsync($"{round}-first"), $"a send of round {round}, in which nothing is wrong, was stored");
            }

            await Task.WhenAll(Enumerable.Range(0, 10).Select(i => sends.TryAsync($"{round}-{i}"))).Within($"all sends of round {round} ended");
        }

        await StoredAsync(cluster, sends.Stored.Count);
        HashSet<string> found = [];
        await using var reader = new Reader(new ReaderOptions { Client = { NameServers = cluster.NameServers } });
        await foreach (ReceivedMessage message in reader.ReadToEndAsync("t", ReadFrom.Beginning))
        {
            found.Add(Encoding.UTF8.GetString(message.Body.Span));
        }

        Assert.Empty(sends.Stored.Except(found));
        Assert.Empty(sends.Never.Intersect(found));
        Assert.NotEmpty(sends.Stored);
    });

    [Fact]
    public Task A_consumer_handles_everything_whatever_its_connections_go_through() => Seeded.RunAsync(async random =>
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await CreateAsync(cluster, "t");
        await using var proxies = await Proxies.StartAsync(cluster, random.Next());
        await using Producer producer = await ProducerAsync(cluster);
        var inbox = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g", configure: options =>
        {
            options.Client.AddressMap = proxies.Map;
            options.Client.RequestTimeout = TimeSpan.FromMilliseconds(500);
            options.PullWait = TimeSpan.FromMilliseconds(500);
            options.RetryPause = TimeSpan.FromMilliseconds(50);
            options.RebalanceInterval = TimeSpan.FromMilliseconds(500);
        });
        Fault[] faults = Enum.GetValues<Fault>();
        for (int round = 0; round < 8; round++)
        {
            proxies.All[0].Fault = faults[random.Next(faults.Length)];
            await SendManyAsync(producer, 10, $"{round}-");
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20, 300)), TimeProvider.System);
        }

        proxies.All[0].Fault = Fault.None;
        await Eventually.True(() => inbox.Texts.Distinct().Count() == 80, "80 different messages were handled", TimeSpan.FromSeconds(60));
    });

    [Fact]
    public async Task A_hundred_starts_and_stops_leave_no_connection_and_no_member()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await CreateAsync(cluster, "t");
        await using var proxies = await Proxies.StartAsync(cluster, 1);
        for (int i = 0; i < 100; i++)
        {
            await using Producer producer = await ProducerAsync(cluster, configureClient: client => client.AddressMap = proxies.Map);
            await producer.SendAsync(new Message("t", default)).Within("send completed");
            if (i % 4 == 0)
            {
                await using PushConsumer consumer = await ConsumerAsync(cluster, new Inbox(), "g", configure: options => options.Client.AddressMap = proxies.Map);
            }
        }

        Assert.True(proxies.All[0].Accepted >= 100, "each cycle had a connection of its own");
        await Eventually.True(() => proxies.All[0].Open == 0, "no connection is left");
        Assert.Empty(await MembersAsync(cluster));
    }

    private static async Task<IReadOnlyList<GroupMemberInfo>> MembersAsync(LocalCluster cluster)
    {
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = cluster.NameServers });
        try
        {
            return await new AdminClient(connection).Groups.ListMembersAsync("g").Within("members listed");
        }
        catch (RequestRefusedException)
        {
            return [];
        }
    }

    private static async Task CreateAsync(LocalCluster cluster, string topic)
    {
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = cluster.NameServers });
        await new AdminClient(connection).CreateTopicAsync(topic, 2).AsTask().Within("topic created");
        await QueuedAsync(connection, topic, 2);
    }

    /// <summary>What became of sends, as their receipts and exceptions say.</summary>
    private sealed class Sends(Producer producer)
    {
        private int _tries;

        public ConcurrentBag<string> Stored { get; } = [];

        public ConcurrentBag<string> Never { get; } = [];

        /// <returns>Whether it is stored for sure.</returns>
        public async Task<bool> TryAsync(string name)
        {
            string text = $"{name} {Interlocked.Increment(ref _tries)}";
            try
            {
                await producer.SendAsync(new Message("t", Encoding.UTF8.GetBytes(text)));
                Stored.Add(text);
                return true;
            }
            catch (ProtoBridgeMqException error)
            {
                if (!error.MayHaveHappened)
                {
                    Never.Add(text);
                }

                return false;
            }
        }
    }

    /// <summary>A proxy before each broker, and the address map that leads through them.</summary>
    private sealed class Proxies : IAsyncDisposable
    {
        private readonly Dictionary<string, FaultProxy> _byAddress = new(StringComparer.Ordinal);

        public FaultProxy[] All => [.. _byAddress.Values];

        public static async Task<Proxies> StartAsync(LocalCluster cluster, int seed)
        {
            var proxies = new Proxies();
            await using var connection = new ClusterConnection(new ClientOptions { NameServers = cluster.NameServers });
            foreach (BrokerRoute broker in await new AdminClient(connection).ListBrokersAsync())
            {
                proxies._byAddress[broker.Addresses[0]] = new FaultProxy(broker.Addresses[0], seed++);
            }

            return proxies;
        }

        public string Map(string address) => _byAddress.TryGetValue(address, out FaultProxy? proxy) ? proxy.Address : address;

        public async ValueTask DisposeAsync()
        {
            foreach (FaultProxy proxy in _byAddress.Values)
            {
                await proxy.DisposeAsync();
            }
        }
    }
}
