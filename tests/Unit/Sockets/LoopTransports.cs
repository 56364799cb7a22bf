using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Sockets;

/// <summary>Event loops under Kestrel, with real sockets on loopback.</summary>
public sealed class LoopTransports
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task What_is_sent_in_pieces_of_any_size_comes_back_whole_and_in_order(bool isDirect) => Seeded.RunAsync(async random =>
    {
        await using LoopHost host = await LoopHost.StartAsync(EchoAsync, isDirect: isDirect);
        using Socket socket = await host.ConnectAsync();
        byte[] sent = new byte[5_000_000];
        random.NextBytes(sent);
        Task sending = Task.Run(async () =>
        {
            for (int at = 0; at < sent.Length;)
            {
                int count = Math.Min(sent.Length - at, random.Next(1, random.Next(1, 200_000)));
                at += await socket.SendAsync(sent.AsMemory(at, count));
            }

            socket.Shutdown(SocketShutdown.Send);
        });

        byte[] back = await ReadToEndAsync(socket).Within("the echo came back");

        await sending.Within("all was sent");
        Assert.Equal(sent, back);
    });

    [Fact]
    public async Task A_peer_that_does_not_read_holds_up_the_flush_and_nothing_else()
    {
        var full = new Signal("a flush waited for the peer");
        var done = new Signal("the flush went on when the peer read");
        await using LoopHost host = await LoopHost.StartAsync(
            async connection =>
            {
                if ((await connection.Transport.Input.ReadAsync()).Buffer.FirstSpan[0] == (byte)'e')
                {
                    connection.Transport.Output.Write("!"u8);
                    await connection.Transport.Output.FlushAsync();
                    return;
                }

                // More than the socket and the pipe hold together.
                for (int block = 0; block < 1024; block++)
                {
                    ValueTask<FlushResult> flush = connection.Transport.Output.WriteAsync(new byte[16 * 1024]);
                    if (!flush.IsCompleted)
                    {
                        full.Set();
                    }

                    await flush;
                }

                done.Set();
            });
        using Socket slow = await host.ConnectAsync();
        await slow.SendAsync("s"u8.ToArray());
        await full.WaitAsync();

        using Socket other = await host.ConnectAsync();
        await other.SendAsync("e"u8.ToArray());
        Assert.Single(await ReadToEndAsync(other).Within("the other connection was served"));

        Assert.Equal(1024 * 16 * 1024, (await ReadToEndAsync(slow).Within("all came")).Length);
        await done.WaitAsync();
    }

    [Fact]
    public async Task What_nobody_takes_is_left_with_the_sender()
    {
        var take = new Signal("the protocol began to read");
        await using LoopHost host = await LoopHost.StartAsync(
            async connection =>
            {
                await take.WaitAsync();
                await EchoAsync(connection);
            },
            options => options.MaxUnreadBytes = 8192);
        using Socket socket = await host.ConnectAsync();
        socket.Blocking = false;
        long accepted = 0;
        // The system's buffers take some megabytes and no more while nothing is read.
        for (int refused = 0; refused < 50;)
        {
            int count = socket.Send(new byte[64 * 1024], SocketFlags.None, out SocketError error);
            accepted += error == SocketError.Success ? count : 0;
            refused += error == SocketError.WouldBlock ? 1 : 0;
            Assert.True(accepted < 64 * 1024 * 1024, "a sender was not held up");
            await Task.Yield();
        }

        socket.Blocking = true;
        take.Set();
        Task<byte[]> reading = ReadToEndAsync(socket);
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(accepted, (await reading.Within("the echo came back")).LongLength);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_end_and_the_loss_of_a_connection_are_told_to_the_protocol(bool isDirect)
    {
        var ended = new Signal("the end of the input was seen");
        var lost = new Signal("the reset was seen");
        var token = new Signal("ConnectionClosed was cancelled");
        await using LoopHost host = await LoopHost.StartAsync(async connection =>
        {
            connection.ConnectionClosed.Register(token.Set);
            try
            {
                while (!(await ReadAllAsync(connection.Transport.Input)).IsCompleted)
                {
                }

                ended.Set();
            }
            catch (ConnectionResetException)
            {
                lost.Set();
            }
        }, isDirect: isDirect);

        using Socket polite = await host.ConnectAsync();
        polite.Shutdown(SocketShutdown.Send);
        await ended.WaitAsync();
        await token.WaitAsync();

        Socket rude = await host.ConnectAsync();
        await rude.SendAsync(new byte[1]);
        rude.LingerState = new LingerOption(true, 0);
        rude.Dispose();
        await lost.WaitAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_abort_ends_a_connection_whose_peer_does_not_read(bool isDirect)
    {
        var over = new Signal("the connection's task ended");
        await using LoopHost host = await LoopHost.StartAsync(async connection =>
        {
            ValueTask<FlushResult> flush = connection.Transport.Output.WriteAsync(new byte[16 * 1024 * 1024]);
            connection.Abort();
            try
            {
                await flush;
            }
            catch (IOException)
            {
                // What an abort may look like to a writer.
            }

            over.Set();
        }, isDirect: isDirect);
        using Socket socket = await host.ConnectAsync();

        await over.WaitAsync();
        using var patience = new CancellationTokenSource(Waiting.Patience);
        await host.StopAsync(patience.Token);
        Assert.False(patience.IsCancellationRequested, "the host waited for the aborted connection");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_protocol_that_throws_where_bytes_arrive_ends_its_own_connection_only(bool isDirect)
    {
        await using LoopHost host = await LoopHost.StartAsync(async connection =>
        {
            ReadResult read = await connection.Transport.Input.ReadAsync();
            if (read.Buffer.FirstSpan[0] == (byte)'x')
            {
                throw new InvalidOperationException("a defect");
            }

            connection.Transport.Input.AdvanceTo(read.Buffer.Start);
            await EchoAsync(connection);
        }, isDirect: isDirect);
        using Socket good = await host.ConnectAsync();
        using Socket bad = await host.ConnectAsync();
        await bad.SendAsync("x"u8.ToArray());
        Assert.Empty(await ReadToEndAsync(bad).Within("the failing connection was closed"));

        await good.SendAsync("hello"u8.ToArray());
        good.Shutdown(SocketShutdown.Send);
        Assert.Equal("hello"u8.ToArray(), await ReadToEndAsync(good).Within("the other one was served"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connections_come_and_go_and_their_places_serve_again(bool isDirect)
    {
        await using LoopHost host = await LoopHost.StartAsync(EchoAsync, options => options.Loops = 2, isDirect: isDirect);
        for (int round = 0; round < 5; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(async number =>
            {
                using Socket socket = await host.ConnectAsync();
                byte[] text = BitConverter.GetBytes(number);
                await socket.SendAsync(text);
                socket.Shutdown(SocketShutdown.Send);
                Assert.Equal(text, await ReadToEndAsync(socket).Within("the echo came back"));
            }));
        }
    }

    [Fact]
    public async Task A_connection_that_its_loop_serves_begins_on_the_loop_and_is_asked_to_end_when_the_host_stops()
    {
        var began = new Signal("the connection began");
        string? thread = null;
        (EndPoint? Local, EndPoint? Remote, bool IsKnown) addresses = default;
        await using LoopHost host = await LoopHost.StartAsync(
            async connection =>
            {
                thread = Thread.CurrentThread.Name;
                addresses = (connection.LocalEndPoint, connection.RemoteEndPoint, connection.Features.Get<IConnectionEndPointFeature>() is not null);
                var asked = new Signal("the connection was asked to end");
                using CancellationTokenRegistration stop = connection.Features.Get<IConnectionLifetimeNotificationFeature>()!.ConnectionClosedRequested.Register(asked.Set);
                began.Set();
                await asked.WaitAsync();
                await connection.Transport.Output.WriteAsync("bye"u8.ToArray());
            },
            isDirect: true);
        using Socket socket = await host.ConnectAsync();
        await began.WaitAsync();

        using var patience = new CancellationTokenSource(Waiting.Patience);
        await host.StopAsync(patience.Token);

        Assert.Equal("bye"u8.ToArray(), await ReadToEndAsync(socket).Within("the goodbye came"));
        Assert.False(patience.IsCancellationRequested, "the host waited for the connection");
        Assert.StartsWith("socket-loop-", thread, StringComparison.Ordinal);
        Assert.Equal((new IPEndPoint(IPAddress.Loopback, host.Port), new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)socket.LocalEndPoint!).Port), true), addresses);
    }

    [Fact]
    public async Task A_connection_that_does_not_end_when_it_is_asked_to_is_aborted_when_the_host_has_waited_long_enough()
    {
        var began = new Signal("the connection began");
        await using LoopHost host = await LoopHost.StartAsync(
            async connection =>
            {
                began.Set();
                await ReadAllAsync(connection.Transport.Input);
            },
            isDirect: true);
        using Socket socket = await host.ConnectAsync();
        await began.WaitAsync();

        await host.StopAsync(new CancellationToken(canceled: true));

        Assert.Empty(await ReadToEndAsync(socket).Within("the connection was closed"));
    }

    [Fact]
    public async Task An_address_in_use_is_said_to_be_so()
    {
        await using LoopHost host = await LoopHost.StartAsync(EchoAsync);

        IOException refusal = await Assert.ThrowsAsync<IOException>(() => LoopHost.StartAsync(EchoAsync, port: host.Port));

        Assert.IsType<AddressInUseException>(refusal.InnerException);
    }

    private static async Task EchoAsync(ConnectionContext connection)
    {
        while (true)
        {
            ReadResult read = await connection.Transport.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> piece in read.Buffer)
            {
                await connection.Transport.Output.WriteAsync(piece);
            }

            connection.Transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static async Task<ReadResult> ReadAllAsync(PipeReader input)
    {
        ReadResult read = await input.ReadAsync();
        input.AdvanceTo(read.Buffer.End);
        return read;
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using var all = new MemoryStream();
        byte[] some = new byte[64 * 1024];
        int count;
        while ((count = await socket.ReceiveAsync(some)) > 0)
        {
            await all.WriteAsync(some.AsMemory(0, count));
        }

        return all.ToArray();
    }
}
