using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Client.Tasks;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Access;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Connections;

/// <summary>Requests to advertised addresses: maps the address, and turns errors of the transport into ours.</summary>
internal sealed class RemoteCalls(RemotingClient remoting, Func<string, string>? addressMap, AccessCredentials? credentials)
{
    /// <summary>Sends a request and waits for its answer, whatever its code; the caller disposes it. An urgent one connects also when the address is left alone.</summary>
    [AsyncMethodBuilder(typeof(ReusingMethodBuilder<>))]
    public async ValueTask<RemotingResponse> InvokeAsync<THeader>(
        string address, int code, THeader header, ReadOnlyMemory<byte> body, TimeSpan timeout, string what, CancellationToken cancellationToken, bool urgent = false)
        where THeader : struct, IHeaderWriter
    {
        string target = Map(address);
        try
        {
            if (urgent)
            {
                await remoting.ConnectAsync(target, urgent, cancellationToken).ConfigureAwait(false);
            }

            return credentials is null
                ? await remoting.InvokeAsync(target, code, header, body, timeout, cancellationToken).ConfigureAwait(false)
                : await remoting
                    .InvokeAsync(target, code, new SignedHeader<THeader>(header, credentials, body), body, timeout, cancellationToken)
                    .ConfigureAwait(false);
        }
        catch (RemotingException error)
        {
            throw CallErrors.Translate(error, what, target);
        }
    }

    /// <summary>As <see cref="InvokeAsync"/>, but what it throws is the transport's own, for <see cref="Translate"/>: nothing waits here, so that nothing is made for it.</summary>
    public ValueTask<RemotingResponse> BeginAsync<THeader>(
        string address, int code, THeader header, ReadOnlyMemory<byte> body, TimeSpan timeout, bool urgent, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        string target = Map(address);
        if (urgent && !remoting.IsConnected(target))
        {
            return ConnectAndBeginAsync(target, code, header, body, timeout, cancellationToken);
        }

        return credentials is null
            ? remoting.InvokeAsync(target, code, header, body, timeout, cancellationToken)
            : remoting.InvokeAsync(target, code, new SignedHeader<THeader>(header, credentials, body), body, timeout, cancellationToken);
    }

    /// <summary>What the transport threw for a request, said to users.</summary>
    public ProtoBridgeMqException Translate(RemotingException error, string what, string address) => CallErrors.Translate(error, what, Map(address));

    /// <summary>Sends a request that must succeed.</summary>
    public async ValueTask<RemotingResponse> RequireAsync<THeader>(
        string address, int code, THeader header, ReadOnlyMemory<byte> body, TimeSpan timeout, string what, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        RemotingResponse response = await InvokeAsync(address, code, header, body, timeout, what, cancellationToken).ConfigureAwait(false);
        if (response.Code == Remoting.Protocol.ResponseCode.Success)
        {
            return response;
        }

        using (response)
        {
            throw CallErrors.Refused(response, what, Map(address));
        }
    }

    /// <summary>Sends a request that gets no answer.</summary>
    public async ValueTask SendOneWayAsync<THeader>(
        string address, int code, THeader header, ReadOnlyMemory<byte> body, string what, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        string target = Map(address);
        try
        {
            ValueTask sending = credentials is null
                ? remoting.SendOneWayAsync(target, code, header, body, cancellationToken)
                : remoting.SendOneWayAsync(target, code, new SignedHeader<THeader>(header, credentials, body), body, cancellationToken);
            await sending.ConfigureAwait(false);
        }
        catch (RemotingException error)
        {
            throw CallErrors.Translate(error, what, target);
        }
    }

    /// <summary>Reads something of an answer that the protocol demands; what is not there is a bad answer.</summary>
    public static T Read<T>(RemotingResponse response, string what, string address, Func<RemotingResponse, T> read, bool mayHaveHappened = false)
    {
        try
        {
            return read(response);
        }
        catch (RemotingException error)
        {
            throw CallErrors.Translate(error, what, address, mayHaveHappened);
        }
    }

    private async ValueTask<RemotingResponse> ConnectAndBeginAsync<THeader>(
        string target, int code, THeader header, ReadOnlyMemory<byte> body, TimeSpan timeout, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        await remoting.ConnectAsync(target, urgent: true, cancellationToken).ConfigureAwait(false);
        ValueTask<RemotingResponse> answer = credentials is null
            ? remoting.InvokeAsync(target, code, header, body, timeout, cancellationToken)
            : remoting.InvokeAsync(target, code, new SignedHeader<THeader>(header, credentials, body), body, timeout, cancellationToken);
        return await answer.ConfigureAwait(false);
    }

    private string Map(string address) => addressMap is null ? address : addressMap(address);
}
