using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Remoting;

public sealed class ClientTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Requests_share_one_connection_and_a_lost_one_is_made_again()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = listener.LocalEndpoint.ToString()!;
        await using var client = NewClient();
        var asked = Enumerable.Range(0, 20).Select(number => AskAsync(client, address, $"body {number}")).ToList();
        var (first, running) = await AcceptAsync(listener);
        Assert.Equal(Enumerable.Range(0, 20).Select(number => $"body {number}"), await Task.WhenAll(asked).Within("the answers"));
        Assert.False(listener.Pending());

        var lost = await client.ConnectAsync(address);
        first.Abort("the test says so");
        await running.Within("the server's end closes");
        await ClosedAsync(lost);

        var again = AskAsync(client, address, "again");
        var (second, runningAgain) = await AcceptAsync(listener);
        Assert.Equal("again", await again.Within("the answer over the new connection"));
        second.Abort("the test ends");
        await runningAgain.Within("the server's end closes");
    }

    [Fact]
    public async Task An_address_that_cannot_be_reached_was_not_sent_to_and_is_left_alone_for_a_while()
    {
        string address;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            address = listener.LocalEndpoint.ToString()!;
        }
        await using var client = NewClient();
        var refused = await Assert.ThrowsAsync<RemotingConnectionException>(() => AskAsync(client, address, ""));
        Assert.False(refused.MaybeSent);
        Assert.Contains("cannot be reached", refused.Message, StringComparison.Ordinal);
        var soon = await Assert.ThrowsAsync<RemotingConnectionException>(() => AskAsync(client, address, ""));
        Assert.Contains("a moment ago", soon.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_ends_connections_in_a_row_before_it_says_anything_is_left_alone_like_one_that_cannot_be_reached()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = listener.LocalEndpoint.ToString()!;
        var clock = new ManualClock();
        await using var client = new RemotingClient(
            new RemotingClientOptions { MinBackOff = TimeSpan.FromMinutes(1), MaxBackOff = TimeSpan.FromHours(1) }, clock, NullLogger.Instance);

        await EndsAtOnceAsync(client, listener, address);
        await EndsAtOnceAsync(client, listener, address);
        for (var i = 0; i < 20; i++)
        {
            var soon = await Assert.ThrowsAsync<RemotingConnectionException>(() => AskAsync(client, address, ""));
            Assert.False(soon.MaybeSent);
            Assert.Contains("before it said anything", soon.Message, StringComparison.Ordinal);
        }
        Assert.False(listener.Pending());

        clock.Advance(TimeSpan.FromMinutes(1));
        await EndsAtOnceAsync(client, listener, address);
        clock.Advance(TimeSpan.FromSeconds(80));
        await Assert.ThrowsAsync<RemotingConnectionException>(() => AskAsync(client, address, ""));
        clock.Advance(TimeSpan.FromSeconds(40));
        var asked = AskAsync(client, address, "well");
        var (server, running) = await AcceptAsync(listener);
        Assert.Equal("well", await asked.Within("the answer"));

        // One that spoke may be connected to again at once.
        var lost = await client.ConnectAsync(address);
        server.Abort("the test says so");
        await running.Within("the server's end closes");
        await ClosedAsync(lost);
        var again = AskAsync(client, address, "again");
        var (last, runningAgain) = await AcceptAsync(listener);
        Assert.Equal("again", await again.Within("the answer over the new connection"));
        last.Abort("the test ends");
        await runningAgain.Within("the server's end closes");
    }

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    [InlineData("host:0")]
    [InlineData("host:70000")]
    [InlineData(":9876")]
    public async Task What_is_not_an_address_is_refused(string address)
    {
        await using var client = NewClient();
        await Assert.ThrowsAsync<RemotingConnectionException>(() => AskAsync(client, address, ""));
    }

    private static async Task EndsAtOnceAsync(RemotingClient client, TcpListener listener, string address)
    {
        var connecting = client.ConnectAsync(address).AsTask();
        using (var socket = await listener.AcceptSocketAsync().Within("the client connects"))
        {
            var made = await connecting.Within("the connection is there");
            socket.Dispose();
            await ClosedAsync(made);
        }
    }

    private static RemotingClient NewClient() => new(
        new RemotingClientOptions { MinBackOff = TimeSpan.FromMinutes(1), MaxBackOff = TimeSpan.FromMinutes(1) },
        TimeProvider.System,
        NullLogger.Instance);

    private static async Task<string> AskAsync(RemotingClient client, string address, string body)
    {
        using var answer = await client.InvokeAsync(address, 1, default(NoFields), System.Text.Encoding.UTF8.GetBytes(body), Timeout);
        return System.Text.Encoding.UTF8.GetString(answer.EnsureSuccess().Body.Span);
    }

    private static async Task<(RemotingConnection Connection, Task Running)> AcceptAsync(TcpListener listener)
    {
        var socket = await listener.AcceptSocketAsync().Within("the client connects");
        var stream = new NetworkStream(socket, ownsSocket: true);
        var connection = new RemotingConnection(
            new StreamPipe(PipeReader.Create(stream), PipeWriter.Create(stream)),
            new RequestRoutes().Add(1, new EchoHandler()),
            new RemotingOptions(),
            TimeProvider.System,
            NullLogger.Instance);
        return (connection, RunAsync(connection, stream));
    }

    private static async Task RunAsync(RemotingConnection connection, NetworkStream stream)
    {
        await connection.RunAsync();
        await stream.DisposeAsync();
    }

    private static Task ClosedAsync(RemotingConnection connection)
    {
        var closed = new Signal("the client's end closes");
        connection.Closed.Register(closed.Set);
        return closed.WaitAsync();
    }

    private sealed record StreamPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
