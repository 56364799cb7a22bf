using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Remoting;

public sealed class InvokeTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Answers_find_their_requests_in_any_order()
    {
        var harness = new ConnectionHarness().Start();
        var first = Invoke(harness);
        var second = Invoke(harness);
        var one = await harness.ReceiveAsync();
        var two = await harness.ReceiveAsync();
        await harness.SendAsync(
            ConnectionHarness.Frame(0, two.Header.Opaque, "for two", HeaderFlags.Response),
            ConnectionHarness.Frame(0, 12345, "for nobody", HeaderFlags.Response),
            ConnectionHarness.Frame(17, one.Header.Opaque, "for one", HeaderFlags.Response, remark: "why"));
        using var secondAnswer = await second.Within("the second answer");
        using var firstAnswer = await first.Within("the first answer");
        Assert.Equal("for two"u8, secondAnswer.Body.Span);
        Assert.Equal("for one"u8, firstAnswer.Body.Span);
        Assert.Equal((17, "why"), (firstAnswer.Code, firstAnswer.Remark));
    }

    [Fact]
    public async Task A_request_without_an_answer_ends_when_its_time_is_over()
    {
        var harness = new ConnectionHarness().Start();
        var answer = Invoke(harness);
        harness.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.False(answer.IsCompleted);
        harness.Clock.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<RemotingTimeoutException>(() => answer.Within("the timeout"));
    }

    [Theory]
    [InlineData(0x7FFF, SerializeType.RocketMq)]
    [InlineData(0x8000, SerializeType.Json)]
    public async Task A_code_that_the_binary_form_has_no_room_for_goes_as_json(int code, SerializeType form)
    {
        var harness = new ConnectionHarness(options: new RemotingOptions { Serialization = SerializeType.RocketMq }).Start();
        _ = harness.Connection.InvokeAsync(code, default(NoFields), default, Timeout).AsTask();
        var header = (await harness.ReceiveAsync()).Header;
        Assert.Equal((code, form), (header.Code, header.Serialization));
    }

    [Fact]
    public async Task A_cancelled_request_ends()
    {
        var harness = new ConnectionHarness().Start();
        using var cancel = new CancellationTokenSource();
        var answer = harness.Connection.InvokeAsync(1, default(NoFields), default, Timeout, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer.Within("the cancellation"));
    }

    [Fact]
    public async Task Requests_that_wait_when_the_connection_ends_may_have_been_sent_and_later_ones_were_not()
    {
        var harness = new ConnectionHarness().Start();
        var waiting = Invoke(harness);
        await harness.Pipes.Client.Output.CompleteAsync();
        Assert.True((await Assert.ThrowsAsync<RemotingConnectionException>(() => waiting.Within("the failure"))).MaybeSent);
        await harness.Running.Within("the connection ends");
        Assert.False((await Assert.ThrowsAsync<RemotingConnectionException>(() => Invoke(harness))).MaybeSent);
        Assert.False(harness.Connection.TrySendOneWay(1, default(NoFields)));
    }

    [Fact]
    public async Task More_requests_than_allowed_are_refused_before_they_are_sent()
    {
        var harness = new ConnectionHarness(options: new RemotingOptions { MaxPendingInvokes = 1 }).Start();
        var waiting = Invoke(harness);
        await Assert.ThrowsAsync<RemotingOverloadException>(() => Invoke(harness));
        var request = await harness.ReceiveAsync();
        await harness.SendAsync(ConnectionHarness.Frame(0, request.Header.Opaque, flags: HeaderFlags.Response));
        (await waiting.Within("the answer")).Dispose();
    }

    [Fact]
    public async Task A_caller_that_blocks_when_it_is_told_holds_up_nobody_else()
    {
        var harness = new ConnectionHarness().Start();
        using var gate = new ManualResetEventSlim();
        using var blocked = new ManualResetEventSlim();
        var first = BlockAsync();
        var others = Enumerable.Range(0, 100)
            .Select(_ => harness.Connection.InvokeAsync(1, default(NoFields), default, TimeSpan.FromHours(1)).AsTask()).ToArray();
        List<byte[]> answers = [];
        for (var i = 0; i <= others.Length; i++)
            answers.Add(ConnectionHarness.Frame(0, (await harness.ReceiveAsync()).Header.Opaque, flags: HeaderFlags.Response));
        try
        {
            await harness.SendAsync([.. answers]);
            await Task.WhenAll(others).Within("the others were told");
            await Eventually.True(() => blocked.IsSet, "the first was told");
        }
        finally
        {
            gate.Set();
        }
        await first.Within("the first was told");

        async Task BlockAsync()
        {
            using var answer = await harness.Connection.InvokeAsync(1, default(NoFields), default, TimeSpan.FromHours(1)).ConfigureAwait(false);
            blocked.Set();
            gate.Wait();
        }
    }

    [Fact]
    public async Task A_one_way_notice_carries_its_fields()
    {
        var harness = new ConnectionHarness().Start();
        Assert.True(harness.Connection.TrySendOneWay(
            RequestCode.NotifyConsumerIdsChanged, new NotifyConsumerIdsChangedRequestHeader { ConsumerGroup = "g" }));
        var notice = await harness.ReceiveAsync();
        Assert.True(notice.Header.IsOneWay);
        Assert.Equal("g", notice.Header.Fields.GetString("consumerGroup"u8));
    }

    private static async Task<RemotingResponse> Invoke(ConnectionHarness harness) =>
        await harness.Connection.InvokeAsync(1, default(NoFields), "question"u8.ToArray(), Timeout);
}
