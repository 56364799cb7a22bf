using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>Asks a running consumer what an operator asks of it, and hands its answer on.</summary>
internal sealed class ClientCall(BrokerCore core)
{
    /// <summary>The member of a client id that can be asked; null when there is none.</summary>
    public ClientMember? Find(string group, string? clientId) => core.Groups.Members(group)
        .OfType<ClientMember>()
        .FirstOrDefault(member => member.ClientId == clientId);

    /// <summary>Relays a request; its header and body are not needed any more when this first awaits.</summary>
    public async ValueTask RelayAsync<THeader>(RemotingRequest request, string group, string? clientId, THeader header, ReadOnlyMemory<byte> body)
        where THeader : struct, IHeaderWriter
    {
        if (Find(group, clientId) is not { } member)
        {
            bool inProcess = core.Groups.Members(group).Any(known => known.ClientId == clientId);
            request.Reply(
                ResponseCode.SystemError,
                inProcess ? $"The Consumer <{group}> <{clientId}> reads in the broker's process, it cannot be asked" : $"The Consumer <{group}> <{clientId}> not online");
            return;
        }

        try
        {
            using RemotingResponse answer = await member.Connection.InvokeAsync(request.Code, header, body, core.Options.ClientAnswerTimeout);
            request.Reply(answer.Code, CopiedFields.Of(answer.Fields), answer.Body, answer.Remark);
        }
        catch (RemotingTimeoutException)
        {
            request.Reply(ResponseCode.ConsumeMsgTimeout, $"consumer <{group}> <{clientId}> Timeout: no answer in {core.Options.ClientAnswerTimeout.TotalMilliseconds:F0} ms");
        }
        catch (RemotingException error)
        {
            request.Reply(ResponseCode.SystemError, $"invoke consumer <{group}> <{clientId}> Exception: {error.Message}");
        }
    }
}
