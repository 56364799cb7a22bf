using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>Messages that were deleted before they were read: the next one says how many, and no other one does.</summary>
public sealed class GapTests
{
    [Fact]
    public async Task Who_polls_is_told_how_many_messages_are_gone()
    {
        await using ScriptedBroker broker = Deleted(2);
        await using var consumer = new PullConsumer(new PullConsumerOptions { Group = "pulls", From = ConsumeFrom.First, Client = { NameServers = broker.Address } });
        consumer.Subscribe("t");
        await consumer.StartAsync().Within("started");
        var read = new List<ReceivedMessage>();
        long start = TimeProvider.System.GetTimestamp();
        while (read.Count < 2)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Waiting.Patience, $"two messages were handed out; {read.Count} were");
            read.AddRange(await consumer.PollAsync(2, TimeSpan.FromSeconds(1)).Within("poll ended"));
        }

        Assert.Equal([(2L, 2L), (3, 0)], read.Select(message => (message.QueueOffset, message.Missing)));
    }

    [Fact]
    public async Task Who_reads_to_the_end_is_told_how_many_messages_are_gone()
    {
        await using ScriptedBroker broker = Deleted(3);
        await using var reader = new Reader(new ReaderOptions { Client = { NameServers = broker.Address } });
        var read = new List<(long, long)>();
        await foreach (ReceivedMessage message in reader.ReadToEndAsync("t", ReadFrom.Beginning))
        {
            read.Add((message.QueueOffset, message.Missing));
        }

        Assert.Equal([(3, 3)], read);
    }

    /// <summary>Four messages, of which the first ones go between the look at where the queue begins and the first pull.</summary>
    private static ScriptedBroker Deleted(int count)
    {
        var broker = new ScriptedBroker();
        for (int i = 0; i < 4; i++)
        {
            broker.Add($"m{i}");
        }

        int pulls = 0;
        broker.OnPull = request =>
        {
            if (Interlocked.Increment(ref pulls) == 1)
            {
                request.Reply(ResponseCode.PullOffsetMoved, new PullMessageResponseHeader { SuggestWhichBrokerId = 0, NextBeginOffset = count, MinOffset = count, MaxOffset = 4 });
                return;
            }

            broker.Pull(request);
        };
        return broker;
    }
}
