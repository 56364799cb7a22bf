using System.Buffers;
using System.Text;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Filters;

/// <summary>What Apache's clients ask before they subscribe by SQL92, as recorded; and what the filter is good for elsewhere.</summary>
public sealed class RecordedChecks
{
    [Theory]
    [InlineData("498-json", "sql-011", "sql-012")]
    [InlineData("498-rocketmq", "sql-007", "sql-008")]
    [InlineData("533-json", "sql-009", "sql-010")]
    [InlineData("533-rocketmq", "sql-007", "sql-008")]
    public async Task A_recorded_check_is_answered_as_it_was(string recording, string request, string response)
    {
        RemotingHeader asked = Recorded(recording, $"{request}-check_client_config-req", out byte[] body);
        RemotingHeader told = Recorded(recording, $"{response}-check_client_config-resp-0", out byte[] toldBody);
        Assert.Equal(RequestCode.CheckClientConfig, asked.Code);
        SubscriptionData wants = LenientJson.Read(body, RemotingJson.Bodies.CheckClientBody).Subscription!;
        Assert.Equal("SQL92", wants.ExpressionType);
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse answer = await bench.Connect().AskAsync(RequestCode.CheckClientConfig, default(EmptyFields), body);
        Assert.Equal((told.Code, toldBody.Length), (answer.Code, answer.Body.Length));
        Assert.True(bench.Core.Filters.Compile("SQL92", wants.Expression, out _)!.MatchesProperties(GoldenFilters.Properties("TAGS=TagA|n=5")));
    }

    [Fact]
    public async Task Queue_entries_get_an_extension_when_that_is_configured_and_are_filtered_all_the_same()
    {
        await using BrokerBench bench = BrokerBench.Open(static options =>
        {
            options.ConsumeQueueExtension = true;
            options.ConsumeQueueExtensionFileSize = 1 << 16;
        });
        BrokerClient client = bench.Connect();
        await client.PutAsync("t", "1", "TAGS=a|n=1");
        await client.PutAsync("t", "2", "TAGS=b|n=2");
        Assert.Equal(["2"], await client.FetchAsync("t", 0, "b", "TAG").BodiesAsync());
        Assert.Equal(["1"], await client.FetchAsync("t", 0, "n < 2").BodiesAsync());
        Assert.Equal(1 << 16, new FileInfo(bench["consumequeue_ext/t/0/00000000000000000000"]).Length);
        await bench.RestartAsync();
        client = bench.Connect();
        Assert.Equal(["2"], await client.FetchAsync("t", 0, "b", "TAG").BodiesAsync());
    }

    [Fact]
    public void The_dispatcher_asks_about_a_message_so_many_steps_and_wakes_the_others_unseen()
    {
        var compiler = new FilterCompiler(new BrokerOptions { MaxFilterNodes = 100_000 });
        IMessageFilter[] filters = [.. Enumerable.Range(0, 50).Select(i => compiler.Compile("SQL92", string.Join(" OR ", Enumerable.Repeat($"n={i + 2}", 1_000)), out _)!)];
        var match = new ArrivalMatch(0, Encoding.UTF8.GetBytes("n\u00011\u0002"));
        bool[] woken = new bool[filters.Length];
        for (int i = 0; i < filters.Length; i++)
        {
            woken[i] = match.Wakes(filters[i]);
            Assert.Equal(woken[i], match.Wakes(filters[i]));
        }

        Assert.False(woken[0]);
        Assert.True(woken[^1]);
        Assert.Equal(woken.Order(), woken);
        Assert.True(match.Wakes(null));
    }

    private static RemotingHeader Recorded(string recording, string name, out byte[] body)
    {
        string path = GoldenFilters.PathOf($"../remoting/{recording}/{recording}-{name}.bin");
        var buffer = new ReadOnlySequence<byte>(File.ReadAllBytes(path));
        Assert.Equal(FrameStatus.Frame, FrameCutter.TryCut(ref buffer, FrameCutter.DefaultMaxFrameLength, out Frame frame, out _));
        var header = new RemotingHeader();
        Assert.Null(header.Decode(frame));
        body = frame.Body.ToArray();
        return header;
    }
}
