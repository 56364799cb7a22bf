using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>It counts what the whole process has, so no other test may run beside it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CountedAlone
{
    public const string Name = "Counts what the process has";
}

/// <summary>A hundred starts and stops of each type leave nothing: no socket on either side, no timer, no thread, no memory, no object that somebody still points to.</summary>
[Collection(CountedAlone.Name)]
public sealed class LeakTests
{
    private const int Cycles = 100;
    private const int WarmUp = 5;

    [Theory]
    [InlineData("Producer")]
    [InlineData("TransactionProducer")]
    [InlineData("PushConsumer")]
    [InlineData("PushConsumer, ordered")]
    [InlineData("PullConsumer")]
    [InlineData("SimpleConsumer")]
    [InlineData("Reader")]
    [InlineData("AdminClient")]
    public async Task A_hundred_cycles_leave_nothing_behind(string type)
    {
        await using LocalCluster cluster = await WithTopicAsync();
        List<WeakReference> clients = [];
        for (int i = 0; i < WarmUp; i++)
        {
            await CycleAsync(type, cluster.NameServers, null, clients);
        }

        clients.Clear();
        long memory = Memory();
        (int sockets, long timers, int threads) = (Sockets(), Timer.ActiveCount, Threads());
        for (int i = 0; i < Cycles; i++)
        {
            await CycleAsync(type, cluster.NameServers, null, clients);
        }

        await Eventually.True(() => Sockets() <= sockets, $"no more than {sockets} sockets are open ({type})");
        await Eventually.True(() => Timer.ActiveCount <= timers + 5, $"no more than {timers} timers run ({type})");
        Assert.InRange(Threads(), 0, threads + 16);
        await GoneAsync(clients, type);
        Assert.InRange(Memory() - memory, long.MinValue, 64 * 1024 * Cycles);
    }

    [Theory]
    [InlineData("Producer")]
    [InlineData("TransactionProducer")]
    [InlineData("PushConsumer")]
    [InlineData("PushConsumer, ordered")]
    [InlineData("PullConsumer")]
    [InlineData("SimpleConsumer")]
    [InlineData("Reader")]
    [InlineData("AdminClient")]
    public async Task A_shared_connection_holds_on_to_none_of_a_hundred_that_used_it(string type)
    {
        await using LocalCluster cluster = await WithTopicAsync();
        await using var connection = new ClusterConnection(Options(cluster.NameServers));
        List<WeakReference> clients = [];
        for (int i = 0; i < Cycles; i++)
        {
            await CycleAsync(type, cluster.NameServers, connection, clients);
        }

        await GoneAsync(clients, type);
    }

    private static ClientOptions Options(string nameServers) => new() { NameServers = nameServers, MissingTopicInterval = TimeSpan.FromMilliseconds(50) };

    private static async Task<LocalCluster> WithTopicAsync()
    {
        LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        await SendManyAsync(producer, 8, "m");
        await StoredAsync(cluster, 8);
        return cluster;
    }

    /// <summary>One start, one use, one stop. In a method of its own, so that no variable of the test keeps the client.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task CycleAsync(string type, string nameServers, ClusterConnection? shared, List<WeakReference> clients)
    {
        await using ClusterConnection? own = shared is null ? new ClusterConnection(Options(nameServers)) : null;
        ClusterConnection connection = shared ?? own!;
        if (own is not null)
        {
            clients.Add(new WeakReference(own));
        }

        switch (type)
        {
            case "Producer":
                await using (var producer = new Producer(connection, new ProducerOptions()))
                {
                    clients.Add(new WeakReference(producer));
                    await producer.StartAsync();
                    await producer.SendAsync(new Message("t", default)).Within("send completed");
                }

                break;
            case "TransactionProducer":
                await TransactAsync(connection, clients);
                break;
            case "PullConsumer":
                await PollAsync(connection, clients);
                break;
            case "SimpleConsumer":
                await PopAsync(connection, clients);
                break;
            case "Reader":
                await ReadAsync(connection, clients);
                break;
            case "AdminClient":
                var admin = new AdminClient(connection);
                clients.Add(new WeakReference(admin));
                Assert.NotEmpty(await admin.ListTopicsAsync());
                break;
            default:
                await PushAsync(connection, ordered: type.EndsWith("ordered", StringComparison.Ordinal), clients);
                break;
        }
    }

    private static async Task TransactAsync(ClusterConnection connection, List<WeakReference> clients)
    {
        await using var producer = new TransactionProducer(connection, new TransactionProducerOptions { Group = "tp" }, (_, _) => ValueTask.FromResult(TransactionOutcome.Commit));
        clients.Add(new WeakReference(producer));
        await producer.StartAsync();
        await producer.SendAsync(new Message("t", default), (_, _) => ValueTask.FromResult(TransactionOutcome.Rollback)).Within("transaction ended");
    }

    private static async Task PollAsync(ClusterConnection connection, List<WeakReference> clients)
    {
        await using var consumer = new PullConsumer(connection, new PullConsumerOptions { Group = "pull", From = ConsumeFrom.First });
        clients.Add(new WeakReference(consumer));
        await consumer.AssignAsync([.. (await consumer.ListQueuesAsync("t")).Take(1)]);
        await consumer.StartAsync();
        await consumer.PollAsync(1, TimeSpan.FromMilliseconds(1)).Within("poll ended");
    }

    private static async Task PopAsync(ClusterConnection connection, List<WeakReference> clients)
    {
        await using var consumer = new SimpleConsumer(connection, new SimpleConsumerOptions { Group = "pop" });
        clients.Add(new WeakReference(consumer));
        consumer.Subscribe("t");
        await consumer.StartAsync();
        await consumer.ReceiveAsync(1, TimeSpan.Zero).Within("receive ended");
    }

    private static async Task ReadAsync(ClusterConnection connection, List<WeakReference> clients)
    {
        await using var reader = new Reader(connection, new ReaderOptions());
        clients.Add(new WeakReference(reader));
        await foreach (ReceivedMessage message in reader.ReadAsync("t", ReadFrom.Beginning))
        {
            Assert.NotNull(message);
            break;
        }
    }

    private static async Task PushAsync(ClusterConnection connection, bool ordered, List<WeakReference> clients)
    {
        var handled = new Signal("a message was handled");
        var options = new PushConsumerOptions { Group = ordered ? "ordered" : "push", From = ConsumeFrom.First, Ordered = ordered, OffsetStore = new Forgetful() };
        await using var consumer = new PushConsumer(connection, options, (_, _) =>
        {
            handled.Set();
            return ValueTask.FromResult(ConsumeResult.Success);
        });
        clients.Add(new WeakReference(consumer));
        consumer.Subscribe("t");
        await consumer.StartAsync();
        await handled.WaitAsync();
    }

    private static async Task GoneAsync(List<WeakReference> clients, string type) => await Eventually.True(
        () =>
        {
            Collect();
            // The last ones may still be named by the stack of a thread that rests.
            return clients.Count(client => client.IsAlive) <= 3;
        },
        $"what was stopped is garbage ({type})");

    private static void Collect()
    {
#pragma warning disable RS0030 // What is garbage is what this looks for.
        GC.Collect();
#pragma warning restore RS0030
        GC.WaitForPendingFinalizers();
    }

    private static long Memory()
    {
        Collect();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static int Threads() => Directory.GetDirectories("/proc/self/task").Length;

    private static int Sockets()
    {
        int sockets = 0;
        foreach (string file in Directory.GetFiles("/proc/self/fd"))
        {
            try
            {
                sockets += new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true ? 1 : 0;
            }
            catch (IOException)
            {
                // Closed meanwhile.
            }
        }

        return sockets;
    }

    /// <summary>Every consumer begins anew.</summary>
    private sealed class Forgetful : IOffsetStore
    {
        public ValueTask<long?> FindAsync(MessageQueue queue, CancellationToken cancellationToken) => ValueTask.FromResult<long?>(null);

        public ValueTask SaveAsync(MessageQueue queue, long offset, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
